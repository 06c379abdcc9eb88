import { createRequire } from 'node:module';
import type { KafkaEndpoint } from './client.ts';
import { anyReplica, type Broker, isolation, type LogMessage, type LogRange, rangeOf } from './cluster.ts';
import { createTolerantCluster, type TolerantCluster, UnreadableAnswer } from './tolerant-cluster.ts';

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

/** A partition from which nothing could be fetched. */
export type FailedPartition = FetchPosition & Readonly<{ error: Error }>;

/** A fetch to be sent. `maxWaitMs`: how long the broker may wait for records; at most ten seconds. */
export type FetchPlan = Readonly<{ positions: readonly FetchPosition[]; maxWaitMs: number }>;

const require = createRequire(import.meta.url);
const AbandonedFetch = require('kafkajs/src/network/abandonedFetch.js') as new () => Error;
const { untilTick } = require('kafkajs/src/utils/sharedTicks.js') as {
  untilTick: (periodMs: number) => number;
};
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode: (code: number) => Error & Readonly<{ type: string }>;
};
const withoutAborted = require('kafkajs/src/consumer/filterAbortedMessages.js') as (
  fetched: Readonly<{ messages: readonly LogMessage[]; abortedTransactions: readonly object[] }>,
) => readonly LogMessage[];

// Fetches that find nothing end at the moments at which those of the consumers of this process do.
const longWaitMs = 10_000;
// One batch is returned whatever the limit is, and an empty one must not be the only one: more than the largest record.
const maxFetchBytes = 2_097_152;

/** Fetches many partitions of many topics from their leaders, one request for each leader, without a consumer group. */
export class TopicsConnection {
  readonly #cluster: TolerantCluster;
  readonly #fetching = new Set<Broker>();
  #isClosed = false;

  constructor(endpoint: KafkaEndpoint) {
    this.#cluster = createTolerantCluster(endpoint);
  }

  async connect(): Promise<void> {
    await this.#whileOpen(async () => this.#cluster.connect());
  }

  /** Learns the partitions of topics and their leaders, also again. What has an error does not make it reject. */
  async learn(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#cluster.targetTopics.add(topic);
    await this.#whileOpen(async () => this.#cluster.refreshMetadata());
  }

  /** Returns the partitions of a topic, each with its leader if there is one. */
  partitionsOf(topic: string): ReadonlyMap<number, string | undefined> {
    const partitions = this.#metadataOf(topic)?.partitionMetadata ?? [];
    return new Map(
      partitions.map(({ partitionId, leader }) => [partitionId, leader < 0 ? undefined : String(leader)]),
    );
  }

  /** Returns the name of the error because of which a topic or one of its partitions cannot be read, if there is one. */
  problemOf(topic: string): string | undefined {
    const metadata = this.#metadataOf(topic);
    if (metadata === undefined) return 'NOT_LEARNT';
    if (metadata.topicErrorCode !== 0) return createErrorFromCode(metadata.topicErrorCode).type;
    if (metadata.partitionMetadata.length === 0) return 'NO_PARTITIONS';
    const leaderless = metadata.partitionMetadata.find(({ leader }) => leader < 0);
    return leaderless === undefined ? undefined : createErrorFromCode(leaderless.partitionErrorCode).type;
  }

  /** Returns the first offset that a partition has, and its end. */
  async rangeOf(topic: string, partition: number): Promise<LogRange> {
    return this.#whileOpen(async () => rangeOf(this.#cluster, topic, partition));
  }

  /**
   * Fetches from one leader. `plan` is called when the connection is there. Returns nothing if it was ended by
   * `endFetches`; rejects if the leader does not answer.
   */
  async fetch(
    nodeId: string,
    plan: () => FetchPlan,
  ): Promise<readonly (FetchedPartition | FailedPartition)[]> {
    return this.#whileOpen(async () => {
      await this.#cluster.refreshMetadataIfNecessary();
      return this.#fetch(await this.#cluster.findBroker({ nodeId }), plan());
    });
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

  #metadataOf(topic: string) {
    return this.#cluster.brokerPool.metadata?.topicMetadata.find((one) => one.topic === topic);
  }

  async #fetch(
    broker: Broker,
    { positions, maxWaitMs }: FetchPlan,
  ): Promise<readonly (FetchedPartition | FailedPartition)[]> {
    const [first] = positions;
    if (first === undefined || this.#isClosed) return [];
    this.#fetching.add(broker);
    try {
      const { responses } = await broker.fetch({
        replicaId: anyReplica,
        isolationLevel: isolation.readCommitted,
        maxWaitTime: Math.ceil(Math.min(maxWaitMs, untilTick(longWaitMs))),
        minBytes: 1,
        maxBytes: maxFetchBytes,
        topics: positions.map(({ topic, partition, offset }) => ({
          topic,
          partitions: [{ partition, fetchOffset: String(offset), maxBytes: maxFetchBytes }],
        })),
      });
      return resultsOf(positions, responses);
    } catch (error) {
      if (error instanceof UnreadableAnswer)
        return positions.length === 1 ? [{ ...first, error }] : await this.#fetchHalves(broker, positions);
      if (!(error instanceof AbandonedFetch)) throw error;
      // Its socket is closed before the next fetch opens another.
      await new Promise((resolve) => setImmediate(resolve));
      return [];
    } finally {
      this.#fetching.delete(broker);
    }
  }

  /** Fetches in two requests, and so on, so that the one partition that cannot be read is found. */
  async #fetchHalves(broker: Broker, positions: readonly FetchPosition[]) {
    const middle = Math.ceil(positions.length / 2);
    const first = await this.#fetch(broker, { positions: positions.slice(0, middle), maxWaitMs: 0 });
    return [...first, ...(await this.#fetch(broker, { positions: positions.slice(middle), maxWaitMs: 0 }))];
  }
}

type Responses = Awaited<ReturnType<Broker['fetch']>>['responses'];

const resultsOf = (
  positions: readonly FetchPosition[],
  responses: Responses,
): (FetchedPartition | FailedPartition)[] =>
  responses.flatMap(({ topicName, partitions }) =>
    partitions.flatMap((answer): (FetchedPartition | FailedPartition)[] => {
      const { partition, errorCode, highWatermark, lastStableOffset, abortedTransactions, messages } = answer;
      const position = positions.find((one) => one.topic === topicName && one.partition === partition);
      if (position === undefined) return [];
      if (errorCode !== 0) return [{ ...position, error: createErrorFromCode(errorCode) }];
      const inRange = messages.filter(({ offset }) => Number(offset) >= position.offset);
      const committed = withoutAborted({ messages: inRange, abortedTransactions: abortedTransactions ?? [] });
      return [
        {
          ...position,
          messages: committed.filter(({ isControlRecord }) => isControlRecord !== true),
          nextOffset: endOf(messages, position.offset),
          end: Number(lastStableOffset ?? highWatermark),
        },
      ];
    }),
  );

/** The end of the last batch: compaction removes records from a batch, also its last ones, and the batch keeps its range. */
const endOf = (messages: readonly LogMessage[], offset: number): number => {
  const last = messages.at(-1);
  if (last === undefined) return offset;
  const { firstOffset = last.offset, lastOffsetDelta = 0 } = last.batchContext ?? {};
  return Math.max(offset, Number(last.offset) + 1, Number(firstOffset) + lastOffsetDelta + 1);
};
