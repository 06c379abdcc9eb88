import { createRequire } from 'node:module';
import type { KafkaMessage } from 'kafkajs';
import { clientConnection, createKafka, type KafkaEndpoint } from './client.ts';

/** A record as kafkajs decodes it. */
export type LogMessage = KafkaMessage & Readonly<{ isControlRecord?: boolean }>;

export type LogRange = Readonly<{ low: number; high: number }>;

type PartitionOffset = Readonly<{ partition: number; offset: string }>;

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

type Broker = Readonly<{
  fetch(request: FetchRequest): Promise<
    Readonly<{
      responses: readonly Readonly<{
        partitions: readonly Readonly<{ messages: readonly LogMessage[] }>[];
      }>[];
    }>
  >;
}>;

type Cluster = Readonly<{
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
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
const anyReplica = -1;
const readUncommitted = 0;

/** A connection that fetches from the log by partition and offset, without a consumer group. */
export class LogConnection {
  readonly #cluster: Cluster;

  constructor(endpoint: KafkaEndpoint) {
    this.#cluster = new KafkaCluster({
      ...clientConnection(endpoint),
      logger: createKafka(endpoint).logger(),
      socketFactory: createSocketFactory(),
      enforceRequestTimeout: true,
      metadataMaxAge: metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      isolationLevel: readUncommitted,
    });
  }

  async connect(): Promise<void> {
    await this.#cluster.connect();
  }

  /**
   * Returns the records of the batches from `offset` on, at least one batch and about `maxBytes`; records of the first
   * batch before `offset` are included. Rejects with OFFSET_OUT_OF_RANGE if the log does not have the offset.
   */
  async fetch(
    topic: string,
    partition: number,
    { offset, maxBytes }: Readonly<{ offset: number; maxBytes: number }>,
  ): Promise<readonly LogMessage[]> {
    const broker = await this.#leaderOf(topic, partition);
    const { responses } = await broker.fetch({
      replicaId: anyReplica,
      isolationLevel: readUncommitted,
      maxWaitTime: 0,
      minBytes: 1,
      maxBytes,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes }] }],
    });
    return responses[0]?.partitions[0]?.messages ?? [];
  }

  /** Returns the first offset that a partition has, and its end. */
  async rangeOf(topic: string, partition: number): Promise<LogRange> {
    await this.#cluster.addTargetTopic(topic);
    await this.#cluster.refreshMetadataIfNecessary();
    const offsetAt = async (fromBeginning: boolean): Promise<number> => {
      const [found] = await this.#cluster.fetchTopicsOffset([
        { topic, fromBeginning, partitions: [{ partition }] },
      ]);
      return Number(found?.partitions[0]?.offset ?? 0);
    };
    return { low: await offsetAt(true), high: await offsetAt(false) };
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect();
  }

  async #leaderOf(topic: string, partition: number): Promise<Broker> {
    await this.#cluster.addTargetTopic(topic);
    await this.#cluster.refreshMetadataIfNecessary();
    const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) throw new Error(`the topic ${topic} has no partition ${partition}`);
    return this.#cluster.findBroker({ nodeId });
  }
}
