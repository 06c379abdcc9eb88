import { ladder } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics, silentLogger } from '@tidings/observability';
import { fakeClock } from '@tidings/runtime/testing';
import { expect, it, onTestFinished } from 'vitest';
import { startMs } from '../../test/builders.ts';
import { metricsCatalogue } from '../metrics.ts';
import { countDue } from './count-due.ts';

it('counts due commands of assigned partitions that are not forwarded, also those still in Kafka', async () => {
  const clock = fakeClock(startMs);
  const bus = createMemoryBus({ clock });
  const metrics = createMetrics(metricsCatalogue, { service: 'delivery' });
  const topic = ladder[1]?.topic;
  if (topic === undefined) throw new Error('the ladder has no second rung');
  const producer = await bus.producer();
  const put = async (partition: number): Promise<void> => {
    await producer.publish({ topic, key: null, partition, value: Buffer.from('later') });
  };
  for (const partition of [0, 0, 1]) await put(partition);
  await clock.advance(1_000);
  await put(0);
  const relay = { assigned: () => [{ topic: topic.name, partition: 0 }] };
  const stop = countDue(bus, relay, { clock, metrics, logger: silentLogger });
  onTestFinished(stop);
  const due = async () => {
    const metric = await metrics.registry.getSingleMetric('tidings_delivery_rung_due_commands')?.get();
    return metric?.values.find(({ labels }) => labels['rung'] === '5s')?.value;
  };
  await clock.advance(0);
  expect(await due()).toBe(0);
  // The next count is 30 s after the start.
  await clock.advance(30_000);
  expect(await due()).toBe(3);
});
