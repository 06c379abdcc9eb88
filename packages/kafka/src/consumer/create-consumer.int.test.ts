import { silentLogger } from '@tidings/observability';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { ensureTopics } from '../admin/ensure-topics.ts';
import { freshName, longTimeout } from '../contract/harness.ts';
import { connectKafka } from '../kafka-bus.ts';
import { createConsumer } from './create-consumer.ts';

const logger = silentLogger;
// Longer than the test timeout: a test that waits for the end of such a fetch fails.
const maxWaitMs = 60_000;

/** Opens a consumer of a topic of two partitions, whose fetches are still empty. */
async function openConsumer(onBatch: (consumer: Consumer, payload: EachBatchPayload) => void) {
  const brokers = inject('brokers');
  const topic = {
    name: freshName('fetch'),
    kind: 'work',
    partitions: 2,
    key: 'any',
    config: {},
  } as const;
  await ensureTopics({ brokers, replicationFactor: 1, topics: [topic], logger });
  const bus = await connectKafka({ brokers, clientId: 'fetch', logger });
  onTestFinished(async () => bus.close({ drainMs: 0 }));
  const endpoint = { brokers, clientId: 'fetch', logger };
  const consumer = createConsumer({ endpoint, group: freshName('fetch'), fetch: { maxWaitMs } });
  onTestFinished(async () => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topics: [topic.name], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async (payload) => onBatch(consumer, payload),
  });
  const producer = await bus.producer();
  const write = async (partition: number) =>
    producer.publish({ topic, key: null, partition, value: Buffer.from('v') });
  return { consumer, topic: topic.name, write };
}

it('stops while a fetch waits for records', async () => {
  const seen: number[] = [];
  const { consumer, write } = await openConsumer((_, { batch }) => void seen.push(batch.partition));
  await write(0);
  await vi.waitFor(() => expect(seen).toEqual([0]), longTimeout);
  const requests: string[] = [];
  consumer.on(consumer.events.REQUEST, ({ payload }) => void requests.push(payload.apiName));
  await consumer.disconnect();
  // It has left the group explicitly, so the group need not wait for the session timeout.
  expect(requests).toContain('LeaveGroup');
});

it('fetches the records of a paused partition soon after it is resumed', async () => {
  const seen: number[] = [];
  const { consumer, topic, write } = await openConsumer((reader, { batch }) => {
    seen.push(batch.partition);
    if (seen.length === 1) reader.pause([{ topic: batch.topic, partitions: [1] }]);
  });
  await write(0);
  await vi.waitFor(() => expect(seen).toEqual([0]), longTimeout);
  await write(1);
  await write(0);
  await vi.waitFor(() => expect(seen).toEqual([0, 0]), longTimeout);
  consumer.resume([{ topic, partitions: [1] }]);
  await vi.waitFor(() => expect(seen).toEqual([0, 0, 1]), longTimeout);
});
