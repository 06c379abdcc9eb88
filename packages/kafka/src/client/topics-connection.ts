import { createRequire } from 'node:module';
import type { KafkaEndpoint } from './client.ts';
import {
  anyReplica,
  type Broker,
  type Cluster,
  createCluster,
  isolation,
  type LogMessage,
  type LogRange,
  rangeOf,
} from './cluster.ts';

/** The next offset that is read of a partition. */
export type FetchPosition = Readonly<{ topic: string; partition: number; offset: number }>;

/** A fetched partition: `messages` may be empty though offsets were passed. */
export type FetchedPartition = FetchPosition &
  Readonly<{
    messages: readonly LogMessage[];
    /** The first offset behind everything that was returned; `offset` itself if nothing was. */
    nextOffset: number;
    /** The end of the log, for a reader of committed records. */
    end: number;
  }>;

/** A fetch to be sent. `canWait`: the broker may wait for new records, because none is known to be there. */
export type FetchPlan = Readonly<{ positions: readonly FetchPosition[]; canWait: boolean }>;

const require = createRequire(import.meta.url);
const AbandonedFetch = require('kafkajs/src/network/abandonedFetch.js') as new () => Error;
const { untilTick } = require('kafkajs/src/utils/sharedTicks.js') as {
  untilTick: (periodMs: number) => number;
};
const withoutAborted = require('kafkajs/src/consumer/filterAbortedMessages.js') as (
  fetched: Readonly<{ messages: readonly LogMessage[]; abortedTransactions: readonly object[] }>,
) => readonly LogMessage[];

// Fetches that find nothing end at the moments at which those of the consumers of this process do.
const longWaitMs = 10_000;
const shortWaitMs = 250;
// One batch is returned whatever the limit is, and an empty one must not be the only one: more than the largest record.
const maxFetchBytes = 2_097_152;

/** Fetches many partitions of many topics from their leaders, one request for each leader, without a consumer group. */
export class TopicsConnection {
  readonly #cluster: Cluster;
  readonly #fetching = new Set<Broker>();
  #isClosed = false;

  constructor(endpoint: KafkaEndpoint) {
    this.#cluster = createCluster(endpoint);
  }

  async connect(): Promise<void> {
    await this.#whileOpen(async () => this.#cluster.connect());
  }

  /** Learns the partitions of topics. Rejects if the brokers do not know one of them; the others are then not learnt. */
  async learn(topics: readonly string[]): Promise<void> {
    await this.#whileOpen(async () => this.#cluster.addMultipleTargetTopics(topics));
  }

  /** Learns all topics again, for new leaders. */
  async refresh(): Promise<void> {
    await this.#whileOpen(async () => this.#cluster.refreshMetadata());
  }

  /** Returns the leader of each partition of a topic that was learnt. */
  leadersOf(topic: string): ReadonlyMap<number, string> {
    const partitions = this.#cluster.findTopicPartitionMetadata(topic);
    return new Map(partitions.map(({ partitionId, leader }) => [partitionId, String(leader)]));
  }

  /** Returns the first offset that a partition has, and its end. */
  async rangeOf(topic: string, partition: number): Promise<LogRange> {
    return this.#whileOpen(async () => rangeOf(this.#cluster, topic, partition));
  }

  /**
   * Fetches from one leader. `plan` is called when the connection is there. Returns nothing if it was ended by
   * `endFetches`; rejects as a whole if one partition has an error.
   */
  async fetch(nodeId: string, plan: () => FetchPlan): Promise<readonly FetchedPartition[]> {
    return this.#whileOpen(async () => this.#fetch(nodeId, plan));
  }

  /** Ends the fetches that wait for records, so that the next ones contain what has been added. */
  endFetches(): void {
    for (const broker of this.#fetching) broker.connectionPool.abandonFetches();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.endFetches();
    await this.#cluster.disconnect();
  }

  /** Runs `work`. What it connects while the connection is closed is closed again. */
  async #whileOpen<R>(work: () => Promise<R>): Promise<R> {
    if (this.#isClosed) throw new Error('the connection is closed');
    try {
      return await work();
    } finally {
      if (this.#isClosed) await this.#cluster.disconnect();
    }
  }

  async #fetch(nodeId: string, plan: () => FetchPlan): Promise<readonly FetchedPartition[]> {
    await this.#cluster.refreshMetadataIfNecessary();
    const broker = await this.#cluster.findBroker({ nodeId });
    const { positions, canWait } = plan();
    if (positions.length === 0 || this.#isClosed) return [];
    this.#fetching.add(broker);
    try {
      const { responses } = await broker.fetch({
        replicaId: anyReplica,
        isolationLevel: isolation.readCommitted,
        maxWaitTime: canWait ? untilTick(longWaitMs) : shortWaitMs,
        minBytes: 1,
        maxBytes: maxFetchBytes,
        topics: positions.map(({ topic, partition, offset }) => ({
          topic,
          partitions: [{ partition, fetchOffset: String(offset), maxBytes: maxFetchBytes }],
        })),
      });
      return resultsOf(positions, responses);
    } catch (error) {
      if (!(error instanceof AbandonedFetch)) throw error;
      // Its socket is closed before the next fetch opens another.
      await new Promise((resolve) => setImmediate(resolve));
      return [];
    } finally {
      this.#fetching.delete(broker);
    }
  }
}

type Responses = Awaited<ReturnType<Broker['fetch']>>['responses'];

const resultsOf = (positions: readonly FetchPosition[], responses: Responses): FetchedPartition[] =>
  responses.flatMap(({ topicName, partitions }) =>
    partitions.flatMap(({ partition, highWatermark, lastStableOffset, abortedTransactions, messages }) => {
      const position = positions.find((one) => one.topic === topicName && one.partition === partition);
      if (position === undefined) return [];
      const inRange = messages.filter(({ offset }) => Number(offset) >= position.offset);
      const committed = withoutAborted({ messages: inRange, abortedTransactions: abortedTransactions ?? [] });
      return {
        ...position,
        messages: committed.filter(({ isControlRecord }) => isControlRecord !== true),
        nextOffset: endOf(messages, position.offset),
        end: Number(lastStableOffset ?? highWatermark),
      };
    }),
  );

/** The end of the last batch: compaction removes records from a batch, also its last ones, and the batch keeps its range. */
const endOf = (messages: readonly LogMessage[], offset: number): number => {
  const last = messages.at(-1);
  if (last === undefined) return offset;
  const { firstOffset = last.offset, lastOffsetDelta = 0 } = last.batchContext ?? {};
  return Math.max(offset, Number(last.offset) + 1, Number(firstOffset) + lastOffsetDelta + 1);
};
