import { backoffMs, type Clock, sleep } from '@tidings/runtime';
import type { KafkaEndpoint } from '../client/client.ts';
import { detailOf, outOfRangeIn } from '../client/errors.ts';
import {
  type FetchedPartition,
  type FetchPlan,
  type FetchPosition,
  TopicsConnection,
} from '../client/topics-connection.ts';
import type { KafkaMetricHandles } from '../metrics.ts';
import { within } from '../within.ts';
import { TopicCursors, type TopicFollower } from './topic-cursors.ts';

type Connection = Pick<
  TopicsConnection,
  'connect' | 'learn' | 'refresh' | 'leadersOf' | 'rangeOf' | 'fetch' | 'endFetches' | 'close'
>;

export type TopicsReaderOptions = Readonly<{
  endpoint: KafkaEndpoint;
  clock: Clock;
  metrics: KafkaMetricHandles;
  /** Opens a connection; default {@link TopicsConnection}. */
  open?: (endpoint: KafkaEndpoint) => Connection;
}>;

/** A connection, the topics that it has learnt, and the leaders from which a loop fetches. */
type Session = Readonly<{ connection: Connection; learnt: Set<string>; leaders: Set<string> }>;

// Tables of a process that starts are opened within this time, and then share the first fetch.
const lingerMs = 50;
const pauseMs = 250;
const unknownTopicMs = 2_000;
const closeTimeoutMs = 2_000;
const backoff = { baseMs: 250, maxMs: 2_000, random: Math.random };
// A leader moves within `broker.session.timeout.ms`; a connection of kafkajs may stay broken longer than that.
const maxFailures = 10;

/**
 * Reads whole compacted topics for all tables of a process: one connection, and one fetch at a time from each leader of
 * their partitions. There is no consumer group, since every process reads everything from the beginning: nothing is
 * assigned, committed or kept alive by heartbeats. Partitions that are added are noticed with the next metadata, at
 * most five minutes later.
 */
export class TopicsReader {
  readonly #options: TopicsReaderOptions;
  readonly #topics = new Map<string, TopicCursors>();
  #session: Session | undefined;
  #learning: Promise<void> = Promise.resolve();
  /** The next time at which followers are admitted and topics learnt. */
  #admission: Readonly<{ atMs: number; cancel: () => void }> | undefined;
  /** Counts what ended fetches before their time. */
  #interruptions = 0;
  /** Connections that were replaced since the last answer to a fetch. */
  #replaced = 0;
  #lastContactMs: number;

  constructor(options: TopicsReaderOptions) {
    this.#options = options;
    this.#lastContactMs = options.clock.monotonicMs();
  }

  /** Time of the brokers' last answer to a fetch (monotonic). */
  get lastContactMs(): number {
    return this.#lastContactMs;
  }

  /** Adds a follower, which receives the topic from its next offsets on. */
  add(topic: string, follower: TopicFollower): void {
    const cursors = this.#topics.get(topic) ?? new TopicCursors(topic);
    if (this.#topics.size === 0) this.#lastContactMs = this.#options.clock.monotonicMs();
    this.#topics.set(topic, cursors);
    cursors.add(follower);
    this.#admitIn(lingerMs);
  }

  /** Removes a follower. The connection is closed after the last one. */
  async remove(topic: string, follower: TopicFollower): Promise<void> {
    if (this.#topics.get(topic)?.remove(follower) === true) this.#topics.delete(topic);
    if (this.#topics.size > 0) return;
    this.#admission?.cancel();
    this.#admission = undefined;
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) await within(closeTimeoutMs, session.connection.close());
  }

  /** Admits followers and learns topics after `delayMs`, unless that is due earlier anyway. */
  #admitIn(delayMs: number): void {
    const { clock } = this.#options;
    const atMs = clock.monotonicMs() + delayMs;
    if (this.#admission !== undefined && this.#admission.atMs <= atMs) return;
    this.#admission?.cancel();
    const cancel = clock.setTimer(() => {
      this.#admission = undefined;
      for (const cursors of this.#topics.values()) cursors.admit();
      if (this.#session === undefined) void this.#connect();
      else this.#learn(this.#session);
    }, delayMs);
    this.#admission = { atMs, cancel };
  }

  async #connect(): Promise<void> {
    const { endpoint, open = (to: KafkaEndpoint) => new TopicsConnection(to) } = this.#options;
    const session = { connection: open(endpoint), learnt: new Set<string>(), leaders: new Set<string>() };
    this.#session = session;
    try {
      await session.connection.connect();
      this.#learn(session);
    } catch (error) {
      this.#replace(session, error);
    }
  }

  #learn(session: Session): void {
    this.#learning = this.#learning
      .then(async () => this.#learnTopics(session))
      .catch((error: unknown) => this.#replace(session, error));
  }

  async #learnTopics(session: Session): Promise<void> {
    if (this.#session !== session) return;
    const unknown = [...this.#topics.keys()].filter((topic) => !session.learnt.has(topic));
    // One by one after a failure: a topic that is missing does not keep the others from being read.
    const isLearnt = unknown.length === 0 || (await this.#learnAll(session, unknown)) === undefined;
    if (!isLearnt) await this.#learnEach(session, unknown);
    if (this.#session !== session) return;
    this.#interruptions += 1;
    session.connection.endFetches();
    this.#fetchFromAll(session);
  }

  /** Returns the error if it failed. */
  async #learnAll({ connection, learnt }: Session, topics: readonly string[]): Promise<unknown> {
    try {
      await connection.learn(topics);
      const empty = topics.find((topic) => connection.leadersOf(topic).size === 0);
      if (empty !== undefined) throw new Error(`the topic ${empty} has no partitions`);
      for (const topic of topics) learnt.add(topic);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async #learnEach(session: Session, topics: readonly string[]): Promise<void> {
    let lastError: unknown;
    for (const topic of topics) {
      const error = await this.#learnAll(session, [topic]);
      if (error === undefined) continue;
      lastError = error;
      const fields = { topic, detail: detailOf(error) };
      this.#options.endpoint.logger.warn(fields, 'tables.topic-unavailable');
    }
    if (session.learnt.size === 0) throw lastError;
    if (lastError !== undefined) this.#admitIn(unknownTopicMs);
  }

  /** Begins to fetch from each leader that no loop fetches from. */
  #fetchFromAll(session: Session): void {
    const leaders = new Set<string>();
    for (const topic of session.learnt) {
      for (const leader of session.connection.leadersOf(topic).values()) leaders.add(leader);
    }
    for (const leader of leaders) {
      if (session.leaders.has(leader)) continue;
      session.leaders.add(leader);
      void this.#fetchFrom(session, leader)
        .catch((error: unknown) => this.#replace(session, error))
        .finally(() => session.leaders.delete(leader));
    }
  }

  async #fetchFrom(session: Session, leader: string): Promise<void> {
    const { clock, endpoint } = this.#options;
    let failures = 0;
    while (this.#session === session && this.#positionsAt(session, leader).length > 0) {
      const [startedMs, interruptions] = [clock.monotonicMs(), this.#interruptions];
      try {
        const fetched = await session.connection.fetch(leader, () => this.#planOf(session, leader));
        if (this.#session !== session) return;
        failures = 0;
        const isEmpty = this.#take(fetched);
        this.#fetchFromAll(session);
        // A fetch that may wait does; this one returned at once for a reason that does not pass at once.
        const isEarly = isEmpty && clock.monotonicMs() - startedMs < pauseMs;
        if (isEarly && interruptions === this.#interruptions) await sleep(clock, pauseMs);
      } catch (error) {
        if (this.#session !== session) return;
        if (interruptions !== this.#interruptions) continue;
        if (await this.#reposition(session, error)) continue;
        failures += 1;
        if (failures > maxFailures) throw error;
        endpoint.logger.info({ leader, failures, detail: detailOf(error) }, 'tables.fetch-failed');
        await sleep(clock, backoffMs({ attempt: failures, ...backoff }));
        if (this.#session === session) await session.connection.refresh();
        if (this.#session === session) this.#fetchFromAll(session);
      }
    }
  }

  #positionsAt({ connection, learnt }: Session, leader: string): FetchPosition[] {
    return [...this.#topics.values()].flatMap((cursors) => {
      if (!learnt.has(cursors.topic)) return [];
      const leaders = [...connection.leadersOf(cursors.topic)];
      return cursors.positions(leaders.filter(([, id]) => id === leader).map(([partition]) => partition));
    });
  }

  #planOf(session: Session, leader: string): FetchPlan {
    const positions = this.#positionsAt(session, leader);
    const canWait = positions.every(
      ({ topic, partition }) => this.#topics.get(topic)?.isAtEnd(partition) === true,
    );
    return { positions, canWait };
  }

  /** Passes on what was fetched. Returns true if it was nothing. */
  #take(fetched: readonly FetchedPartition[]): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (fetched.length > 0) {
      this.#lastContactMs = nowMs;
      this.#replaced = 0;
    }
    const isEmpty = fetched.every(({ offset, nextOffset }) => nextOffset === offset);
    for (const one of fetched) this.#topics.get(one.topic)?.take(one, isEmpty ? nowMs : null);
    return isEmpty;
  }

  async #reposition({ connection }: Session, error: unknown): Promise<boolean> {
    const place = outOfRangeIn(error);
    if (place === undefined) return false;
    const { topic, partition } = place;
    const range = await connection.rangeOf(topic, partition);
    const isMoved = this.#topics.get(topic)?.reposition(partition, range) === true;
    if (isMoved)
      this.#options.endpoint.logger.warn({ topic, partition, ...range }, 'tables.offset-out-of-range');
    return isMoved;
  }

  /** Discards the connection; another one follows after a back-off. */
  #replace(session: Session, error: unknown): void {
    if (this.#session !== session) return;
    const { endpoint, metrics } = this.#options;
    this.#session = undefined;
    void within(closeTimeoutMs, session.connection.close());
    this.#replaced += 1;
    const delayMs = backoffMs({ attempt: this.#replaced, ...backoff });
    metrics.restarts.inc({ group: 'tables', reason: 'fetch' });
    const level = this.#replaced > 1 ? 'warn' : 'info';
    endpoint.logger[level]({ delayMs, detail: detailOf(error) }, 'tables.reconnecting');
    this.#admitIn(delayMs);
  }
}
