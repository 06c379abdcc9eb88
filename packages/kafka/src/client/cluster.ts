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

type ListOffsetsRequest = Readonly<{
  replicaId: number;
  isolationLevel: number;
  topics: readonly Readonly<{
    topic: string;
    partitions: readonly Readonly<{ partition: number; timestamp: number }>[];
  }>[];
}>;

type ListOffsetsResponse = Readonly<{
  responses: readonly Readonly<{
    topic: string;
    partitions: readonly Readonly<{ partition: number; errorCode: number; offset: string }>[];
  }>[];
}>;

export type Broker = Readonly<{
  fetch(request: FetchRequest): Promise<FetchResponse>;
  listOffsets(request: ListOffsetsRequest): Promise<ListOffsetsResponse>;
  connectionPool: Readonly<{ abandonFetches(): void }>;
}>;

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
}>;

// kafkajs has no public fetch without a consumer group. These two modules are what its own consumer is made of; the
// version is pinned (and patched), and the bus contract tests them against real brokers.
const require = createRequire(import.meta.url);
const KafkaCluster = require('kafkajs/src/cluster/index.js') as new (options: object) => Cluster;
const createSocketFactory = require('kafkajs/src/network/socketFactory.js') as () => object;

const defaultMetadataMaxAgeMs = 300_000;

/** The id of a reader that is no replica. */
export const anyReplica = -1;
export const isolation = { readUncommitted: 0, readCommitted: 1 } as const;

/**
 * Creates a connection to the brokers below kafkajs's consumers and producers. `metadataMaxAgeMs`: after how long metadata are
 * asked for again; default: five minutes.
 */
export const createCluster = (
  endpoint: KafkaEndpoint,
  { metadataMaxAgeMs = defaultMetadataMaxAgeMs }: Readonly<{ metadataMaxAgeMs?: number }> = {},
): Cluster =>
  new KafkaCluster({
    ...clientConnection(endpoint),
    logger: createKafka(endpoint).logger(),
    socketFactory: createSocketFactory(),
    enforceRequestTimeout: true,
    metadataMaxAge: metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    isolationLevel: isolation.readUncommitted,
  });

/** Returns the leader of a partition. */
export const leaderOf = async (cluster: Cluster, topic: string, partition: number): Promise<Broker> => {
  await cluster.addTargetTopic(topic);
  await cluster.refreshMetadataIfNecessary();
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) throw new Error(`the topic ${topic} has no partition ${partition}`);
  return cluster.findBroker({ nodeId });
};
