import { createMetrics, silentLogger } from '@tidings/observability';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { ensureTopics } from '../admin/ensure-topics.ts';
import type { WorkItem } from '../bus.ts';
import { freshName } from '../contract/harness.ts';
import { connectKafka } from '../kafka-bus.ts';
import { kafkaMetrics } from '../metrics.ts';

it('measures the lag of a group in records and in the age of the oldest one', async () => {
  const brokers = inject('brokers');
  const topic = { name: freshName('lag'), kind: 'work', partitions: 1, key: 'any', config: {} } as const;
  await ensureTopics({ brokers, replicationFactor: 1, topics: [topic], logger: silentLogger });
  const metrics = createMetrics(kafkaMetrics, { service: 'lag' });
  const bus = await connectKafka({
    brokers,
    clientId: 'lag',
    logger: silentLogger,
    metrics: metrics.handles,
  });
  onTestFinished(async () => bus.close({ drainMs: 0 }));
  const group = freshName('group');
  const measured = async (name: string): Promise<number | undefined> => {
    const { values = [] } = (await metrics.registry.getSingleMetric(name)?.get()) ?? {};
    return values.find(({ labels }) => labels['group'] === group)?.value;
  };
  const producer = await bus.producer();
  await producer.publishAll(['a', 'b', 'c'].map((text) => ({ topic, key: 'k', value: Buffer.from(text) })));
  const kept: WorkItem<null>[] = [];
  await bus.runPartitions<null>({
    group,
    topics: [topic],
    decode: () => null,
    onBatch: ({ items }) => {
      kept.push(...items);
      items[0]?.done();
    },
  });
  const longTimeout = { timeout: 30_000 };
  await vi.waitFor(async () => expect(await measured('tidings_kafka_lag_records')).toBe(2), longTimeout);
  await vi.waitFor(
    async () => expect(await measured('tidings_kafka_lag_seconds')).toBeGreaterThan(1),
    longTimeout,
  );
  for (const item of kept) item.done();
  await vi.waitFor(async () => expect(await measured('tidings_kafka_lag_seconds')).toBe(0), longTimeout);
  await vi.waitFor(async () => expect(await measured('tidings_kafka_lag_records')).toBe(0), longTimeout);
});
