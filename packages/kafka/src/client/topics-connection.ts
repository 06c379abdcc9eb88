import { createRequire } from 'node:module';
import { type LogRange, listOffsets, rangeOf } from '../admin/list-offsets.ts';
import { partitionKey } from '../bus.ts';
import type { KafkaEndpoint } from './client.ts';
import { anyReplica, type Broker, isolation, type LogMessage } from './cluster.ts';
import { createTolerantCluster, type TolerantCluster, UnreadableAnswer } from './tolerant-cluster.ts';

/** The next offset that is read of a partition. */
export type FetchPosition = Readonly<{ topic: string; partition: number; offset: number }>;

/** A position that is to be fetched. */
export type PlannedPosition = FetchPosition &
  Readonly<{
    /**
     * The leader has told where the log ends. If not, it is asked for that too: what a new leader answers to a fetch
     * may end before records that are acknowledged, until its followers have fetched from it (KIP-207).
     */
    isEndKnown: boolean;
  }>;

/** A fetched partition: `messages` may be empty though offsets were passed. */
export type FetchedPartition = FetchPosition &
  Readonly<{
    messages: readonly LogMessage[];
    /** The first offset behind everything that was returned; `offset` itself if nothing was. */
    nextOffset: number;
    /** The end of the log, for a reader of committed records; undefined if its leader cannot tell it yet. */
    end: number | undefined;
  }>;

/** A partition from which nothing could be fetched. */
export type FailedPartition = FetchPosition & Readonly<{ error: Error }>;

/** A fetch to be sent. `maxWaitMs`: how long the broker may wait for records; at most ten seconds. */
export type FetchPlan = Readonly<{ positions: readonly PlannedPosition[]; maxWaitMs: number }>;

type Answer = FetchedPartition | FailedPartition;

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
  async fetch(nodeId: string, plan: () => FetchPlan): Promise<readonly Answer[]> {
    return this.#whileOpen(async () => {
      await this.#cluster.refreshMetadataIfNecessary();
      const broker = await this.#cluster.findBroker({ nodeId });
      const planned = plan();
      const [answers, ends] = await Promise.all([
        this.#fetch(broker, planned),
        unsureEnds(broker, planned.positions),
      ]);
      return answers.map((answer) =>
        'error' in answer ? answer : { ...answer, end: surerEnd(answer, ends) },
      );
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

  async #fetch(broker: Broker, { positions, maxWaitMs }: FetchPlan): Promise<readonly Answer[]> {
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
  async #fetchHalves(broker: Broker, positions: readonly PlannedPosition[]) {
    const middle = Math.ceil(positions.length / 2);
    const first = await this.#fetch(broker, { positions: positions.slice(0, middle), maxWaitMs: 0 });
    return [...first, ...(await this.#fetch(broker, { positions: positions.slice(middle), maxWaitMs: 0 }))];
  }
}

/** Returns the ends of the logs of which that is not known, by {@link partitionKey}; undefined if the leader cannot tell. */
const unsureEnds = async (
  broker: Broker,
  positions: readonly PlannedPosition[],
): Promise<ReadonlyMap<string, number | undefined>> => {
  const unsure = positions.filter(({ isEndKnown }) => !isEndKnown);
  if (unsure.length === 0) return new Map();
  const question = { partitions: unsure, of: 'end', isolationLevel: isolation.readCommitted } as const;
  const answers = await listOffsets(broker, question);
  return new Map(
    unsure.map((position) => {
      const answer = answers.get(partitionKey(position));
      return [partitionKey(position), typeof answer === 'number' ? answer : undefined];
    }),
  );
};

/** Returns the end of a log: of the two that its leader told at about the same time, the one that it told later. */
const surerEnd = (
  { end, ...fetched }: FetchedPartition,
  ends: ReadonlyMap<string, number | undefined>,
): number | undefined => {
  const key = partitionKey(fetched);
  if (!ends.has(key)) return end;
  const asked = ends.get(key);
  return asked === undefined || end === undefined ? undefined : Math.max(asked, end);
};

type Responses = Awaited<ReturnType<Broker['fetch']>>['responses'];

const resultsOf = (positions: readonly FetchPosition[], responses: Responses): Answer[] =>
  responses.flatMap(({ topicName, partitions }) =>
    partitions.flatMap((answer): Answer[] => {
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
