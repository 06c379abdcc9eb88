import type { Consumer } from 'kafkajs';
import { clientRetry, createKafka } from './kafka-client.ts';
import type { SupervisedConsumerOptions } from './supervised-consumer.ts';

/** How long a group waits for a member that was killed, and how long a member may believe in itself unanswered. */
export const sessionTimeoutMs = 6_000;
// Joins and fetches have longer ones of their own in kafkajs.
const requestTimeoutMs = 8_000;

/** A kafkajs consumer with a client of its own: two of one client would share a map of offsets. */
export function createConsumer({
  endpoint,
  group,
  fetch = {},
  assigners,
}: SupervisedConsumerOptions): Consumer {
  return createKafka({ ...endpoint, requestTimeoutMs }).consumer({
    groupId: group,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: 1_500,
    rebalanceTimeout: 10_000,
    maxWaitTimeInMs: fetch.maxWaitMs ?? 250,
    minBytes: 1,
    maxBytesPerPartition: fetch.maxBytesPerPartition ?? 512 * 1024,
    maxBytes: 4 * 1024 * 1024,
    allowAutoTopicCreation: false,
    metadataMaxAge: 60_000,
    // One way to come back, ours: kafkajs would restart some crashes by itself and leave others dead.
    retry: { ...clientRetry, restartOnFailure: async () => false },
    ...(assigners === undefined ? {} : { partitionAssigners: [...assigners] }),
  });
}
