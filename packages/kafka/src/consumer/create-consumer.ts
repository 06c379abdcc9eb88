import type { Consumer, PartitionAssigner } from 'kafkajs';
import { clientRetry, createKafka, type KafkaEndpoint } from '../client/client.ts';

/** Fetch settings; the defaults suit work topics. */
export type FetchSettings = Readonly<{
  /** Default 524,288. */
  maxBytesPerPartition?: number | undefined;
  /** Minimum size of a fetch in bytes; a smaller one waits. Default 1. */
  minBytes?: number | undefined;
  /**
   * Maximum wait of a fetch. Default 10,000; at most 250 while a partition is paused, so that a resume takes no longer.
   */
  maxWaitMs?: number | undefined;
  /** Minimum time between the starts of two fetches from a broker. Default 0. */
  intervalMs?: number | undefined;
}>;

/** Options of a consumer. */
export type ConsumerOptions = Readonly<{
  endpoint: KafkaEndpoint;
  group: string;
  fetch?: FetchSettings;
  assigners?: readonly PartitionAssigner[];
  /**
   * Time after which the group removes a killed member, and for which a member assumes membership without a response.
   * Default {@link defaultSessionTimeoutMs}; a group of one member, to which nobody succeeds, can wait longer.
   */
  sessionTimeoutMs?: number | undefined;
}>;

/** The session of groups whose partitions another member takes over. */
export const defaultSessionTimeoutMs = 6_000;
/** The session of groups that one reader has for itself. */
export const ownGroupSessionTimeoutMs = 15_000;
// Joins and fetches have their own, longer timeouts in kafkajs.
const requestTimeoutMs = 8_000;

/** Creates a kafkajs consumer with its own client: two consumers of one client would share a map of offsets. */
export function createConsumer(options: ConsumerOptions): Consumer {
  const { endpoint, group, fetch = {}, assigners } = options;
  const sessionTimeout = options.sessionTimeoutMs ?? defaultSessionTimeoutMs;
  return createKafka({ ...endpoint, requestTimeoutMs }).consumer({
    groupId: group,
    sessionTimeout,
    heartbeatInterval: sessionTimeout / 3,
    rebalanceTimeout: 10_000,
    // New records end a fetch at once, and so do a stop and a rebalance; heartbeats go on meanwhile.
    maxWaitTimeInMs: fetch.maxWaitMs ?? 10_000,
    minFetchIntervalInMs: fetch.intervalMs ?? 0,
    minBytes: fetch.minBytes ?? 1,
    maxBytesPerPartition: fetch.maxBytesPerPartition ?? 512 * 1024,
    maxBytes: 4 * 1024 * 1024,
    allowAutoTopicCreation: false,
    // Kafka's default: an answer of a broker that has lost a partition is followed by a refresh at once.
    metadataMaxAge: 300_000,
    // Restarts happen in one place, here: kafkajs would restart after some crashes by itself and not after others.
    retry: { ...clientRetry, restartOnFailure: async () => false },
    ...(assigners === undefined ? {} : { partitionAssigners: [...assigners] }),
  });
}
