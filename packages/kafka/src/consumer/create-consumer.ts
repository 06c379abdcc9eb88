import type { Consumer, PartitionAssigner } from 'kafkajs';
import { clientRetry, createKafka, type KafkaEndpoint } from '../client/client.ts';

/** Fetch settings; the defaults suit work topics. */
export type FetchSettings = Readonly<{
  /** Default 524,288. */
  maxBytesPerPartition?: number | undefined;
  /** A fetch with fewer bytes than this waits for more. Default 1. */
  minBytes?: number | undefined;
  /** How long it waits. Default 1,000; never more than 250 while a partition is paused, so that a resume takes no longer. */
  maxWaitMs?: number | undefined;
  /** The least time between the beginnings of two fetches from a broker. Default 0. */
  intervalMs?: number | undefined;
}>;

/** What a consumer is made of. */
export type ConsumerOptions = Readonly<{
  endpoint: KafkaEndpoint;
  group: string;
  fetch?: FetchSettings;
  assigners?: readonly PartitionAssigner[];
}>;

/** How long a group waits for a member that was killed, and how long a member may believe in itself unanswered. */
export const sessionTimeoutMs = 6_000;
// Joins and fetches have longer ones of their own in kafkajs.
const requestTimeoutMs = 8_000;

/** A kafkajs consumer with a client of its own: two of one client would share a map of offsets. */
export function createConsumer({ endpoint, group, fetch = {}, assigners }: ConsumerOptions): Consumer {
  return createKafka({ ...endpoint, requestTimeoutMs }).consumer({
    groupId: group,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: 1_500,
    rebalanceTimeout: 10_000,
    // What arrives ends a fetch at once, and so does a stop: only heartbeats, which go out between fetches, bound it.
    maxWaitTimeInMs: fetch.maxWaitMs ?? 1_000,
    minFetchIntervalInMs: fetch.intervalMs ?? 0,
    minBytes: fetch.minBytes ?? 1,
    maxBytesPerPartition: fetch.maxBytesPerPartition ?? 512 * 1024,
    maxBytes: 4 * 1024 * 1024,
    allowAutoTopicCreation: false,
    metadataMaxAge: 60_000,
    // One way to come back, ours: kafkajs would restart some crashes by itself and leave others dead.
    retry: { ...clientRetry, restartOnFailure: async () => false },
    ...(assigners === undefined ? {} : { partitionAssigners: [...assigners] }),
  });
}
