import type { SharedAdmin } from '../admin/shared-admin.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import { within } from '../within.ts';
import { LeaderConnection } from './leader-connection.ts';
import type { ProduceBody } from './produce-request.ts';
import { encodeBatch, type RecordBatch } from './record-batch.ts';
import type { PartitionSlice } from './record-buffer.ts';
import type { SendTransport } from './send-loop.ts';

// After a follower's crash, acks all waits until the controller removes it from the in-sync list: 9 s by default.
// Shorter than the client's request timeout, so that the broker's own response arrives first.
const produceTimeoutMs = 12_000;
const closeTimeoutMs = 3_000;

/** Creates the connection of a producer to the brokers. It repeats nothing and decides nothing. */
export function createKafkaTransport(endpoint: KafkaEndpoint, admin: SharedAdmin): SendTransport {
  const leaders = new LeaderConnection(endpoint, produceTimeoutMs);
  return {
    send: async (slices) => leaders.send(await bodyOf(slices)),
    partitionCount: async (topic) => {
      const { topics } = await admin.run((client) => client.fetchTopicMetadata({ topics: [topic] }));
      const count = topics[0]?.partitions.length ?? 0;
      if (count === 0) throw new Error(`${topic} has no partitions`);
      return count;
    },
    close: async () => within(closeTimeoutMs, leaders.close()),
  };
}

async function bodyOf(slices: readonly PartitionSlice[]): Promise<ProduceBody> {
  const topics = new Map<string, { partition: number; batch: RecordBatch }[]>();
  for (const { queue, records } of slices) {
    const encoded = encodeBatch(records.map(({ message }) => message));
    const batch = encoded instanceof Promise ? await encoded : encoded;
    const partitions = topics.get(queue.topic);
    if (partitions === undefined) topics.set(queue.topic, [{ partition: queue.partition, batch }]);
    else partitions.push({ partition: queue.partition, batch });
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
