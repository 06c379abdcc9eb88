import kafkajs, { type Message, type TopicMessages } from 'kafkajs';
import type { SharedAdmin } from '../admin/shared-admin.ts';
import { createKafka, type KafkaEndpoint } from '../client/client.ts';
import { within } from '../within.ts';
import type { PartitionSlice } from './record-buffer.ts';
import type { SendTransport } from './send-loop.ts';

// After a follower's crash, acks all waits until the controller removes it from the in-sync list: 9 s by default.
// Shorter than the client's request timeout, so that the broker's own response arrives first.
const produceTimeoutMs = 12_000;
const closeTimeoutMs = 3_000;

// The partition is fixed before this; kafkajs would compute it again at each of its tries.
const givenPartition =
  () =>
  ({ message }: { message: Message }): number =>
    message.partition ?? 0;

/** Creates the kafkajs producer, with all its own retries and decisions turned off. */
export function createKafkaTransport(endpoint: KafkaEndpoint, admin: SharedAdmin): SendTransport {
  const producer = createKafka(endpoint).producer({
    retry: { retries: 0 },
    idempotent: false,
    createPartitioner: givenPartition,
    allowAutoTopicCreation: false,
    metadataMaxAge: 30_000,
  });
  let connected: Promise<void> | undefined;
  // The next send retries a failed connect; kafkajs itself restores a connection that is lost later.
  const connect = async (): Promise<void> => {
    connected ??= producer.connect().catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    await connected;
  };
  return {
    send: async (slices) => {
      await connect();
      const sent = await producer.sendBatch({
        acks: -1,
        timeout: produceTimeoutMs,
        compression: kafkajs.CompressionTypes.LZ4,
        topicMessages: byTopic(slices),
      });
      return sent.map(({ topicName, partition, baseOffset = '0', logAppendTime = '-1' }) => {
        const logAppendTimeMs = Number(logAppendTime);
        const position = { topic: topicName, partition, baseOffset };
        return logAppendTimeMs < 0 ? position : { ...position, logAppendTimeMs };
      });
    },
    partitionCount: async (topic) => {
      const { topics } = await admin.run((client) => client.fetchTopicMetadata({ topics: [topic] }));
      const count = topics[0]?.partitions.length ?? 0;
      if (count === 0) throw new Error(`${topic} has no partitions`);
      return count;
    },
    close: async () => within(closeTimeoutMs, producer.disconnect()),
  };
}

function byTopic(slices: readonly PartitionSlice[]): TopicMessages[] {
  const topics = new Map<string, Message[]>();
  for (const { queue, records } of slices) {
    let messages = topics.get(queue.topic);
    if (messages === undefined) {
      messages = [];
      topics.set(queue.topic, messages);
    }
    for (const { message } of records) messages.push(message);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}
