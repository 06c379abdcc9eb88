import { createRequire } from 'node:module';
import type { KafkaMessage } from 'kafkajs';
import { clientConnection, createKafka, type KafkaEndpoint } from './client.ts';

/** A record as kafkajs decodes it. */
export type LogMessage = KafkaMessage &
  Readonly<{
    isControlRecord?: boolean;
    /** The batch in which the record was stored. */
    batchContext?: Readonly<{ firstOffset: string; lastOffsetDelta: number }>;
  }>;

export type LogRange = Readonly<{ low: number; high: number }>;

type FetchRequest = Readonly<{
  replicaId: number;
  isolationLevel: number;
  maxWaitTime: number;
  minBytes: number;
  maxBytes: number;
  topics: readonly Readonly<{
    topic: string;
    partitions: readonly Readonly<{ partition: number; fetchOffset: string; maxBytes: number }>[];
  }>[];
}>;

type FetchResponse = Readonly<{
  responses: readonly Readonly<{
    topicName: string;
    partitions: readonly Readonly<{
      partition: number;
      errorCode: number;
      highWatermark: string;
      /** End of what a reader of committed records sees. */
      lastStableOffset?: string;
      abortedTransactions?: readonly object[];
      messages: readonly LogMessage[];
    }>[];
  }>[];
}>;

export type Broker = Readonly<{
  fetch(request: FetchRequest): Promise<FetchResponse>;
  connectionPool: Readonly<{ abandonFetches(): void }>;
}>;

type PartitionOffset = Readonly<{ partition: number; offset: string }>;

/** The part of kafkajs's cluster that is used here. */
export type Cluster = Readonly<{
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly Readonly<{ partitionId: number; leader: number }>[];
  findLeaderForPartitions(
    topic: string,
    partitions: readonly number[],
  ): Readonly<Record<string, readonly number[]>>;
  findBroker(node: Readonly<{ nodeId: string }>): Promise<Broker>;
  fetchTopicsOffset(
    topics: readonly Readonly<{
      topic: string;
      fromBeginning: boolean;
      partitions: readonly Readonly<{ partition: number }>[];
    }>[],
  ): Promise<readonly Readonly<{ partitions: readonly PartitionOffset[] }>[]>;
}>;

// kafkajs has no public fetch without a consumer group. These two modules are what its own consumer is made of; the
// version is pinned (and patched), and the bus contract tests them against real brokers.
const require = createRequire(import.meta.url);
const KafkaCluster = require('kafkajs/src/cluster/index.js') as new (options: object) => Cluster;
const createSocketFactory = require('kafkajs/src/network/socketFactory.js') as () => object;

const metadataMaxAgeMs = 300_000;

/** The id of a reader that is no replica. */
export const anyReplica = -1;
export const isolation = { readUncommitted: 0, readCommitted: 1 } as const;

/** Creates a connection to the brokers below kafkajs's consumers, for fetches without a consumer group. */
export const createCluster = (endpoint: KafkaEndpoint): Cluster =>
  new KafkaCluster({
    ...clientConnection(endpoint),
    logger: createKafka(endpoint).logger(),
    socketFactory: createSocketFactory(),
    enforceRequestTimeout: true,
    metadataMaxAge: metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    isolationLevel: isolation.readUncommitted,
  });

/** Returns the first offset that a partition has, and its end. */
export const rangeOf = async (cluster: Cluster, topic: string, partition: number): Promise<LogRange> => {
  await cluster.addTargetTopic(topic);
  await cluster.refreshMetadataIfNecessary();
  const offsetAt = async (fromBeginning: boolean): Promise<number> => {
    const [found] = await cluster.fetchTopicsOffset([{ topic, fromBeginning, partitions: [{ partition }] }]);
    return Number(found?.partitions[0]?.offset ?? 0);
  };
  return { low: await offsetAt(true), high: await offsetAt(false) };
};
