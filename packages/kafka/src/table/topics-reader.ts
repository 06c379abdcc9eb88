import { backoffMs, type Clock, sleep } from '@tidings/runtime';
import type { KafkaEndpoint } from '../client/client.ts';
import { detailOf } from '../client/errors.ts';
import { TopicsConnection } from '../client/topics-connection.ts';
import type { KafkaMetricHandles } from '../metrics.ts';
import { within } from '../within.ts';
import { FollowedTopics } from './followed-topics.ts';
import type { TopicFollower } from './topic-cursors.ts';

type Connection = Pick<
  TopicsConnection,
  'connect' | 'learn' | 'partitionsOf' | 'problemOf' | 'rangeOf' | 'fetch' | 'endFetches' | 'close'
>;

export type TopicsReaderOptions = Readonly<{
  endpoint: KafkaEndpoint;
  clock: Clock;
  metrics: KafkaMetricHandles;
  /** Opens a connection; default {@link TopicsConnection}. */
  open?: (endpoint: KafkaEndpoint) => Connection;
}>;

/** A connection, and the leaders from which a loop fetches. */
type Session = Readonly<{ connection: Connection; leaders: Set<string> }>;

/** `isWaiting`: the broker may wait for records. */
type FetchOptions = Readonly<{ isWaiting: boolean }>;

// Tables of a process that starts are opened within this time, and then share the first fetch.
const lingerMs = 50;
const pauseMs = 250;
// Topics that are missing, and partitions without a leader, are looked for at this interval.
const problemMs = 2_000;
const closeTimeoutMs = 2_000;
const backoff = { baseMs: 250, maxMs: 2_000, random: Math.random };
// A leader moves within `broker.session.timeout.ms`; a connection of kafkajs may stay broken longer than that.
const maxFailures = 10;

/**
 * Reads whole compacted topics for all tables of a process: one connection, and one fetch at a time from each leader of
 * their partitions. There is no consumer group, since every process reads everything from the beginning: nothing is
 * assigned, committed or kept alive by heartbeats. Partitions that are added are noticed with the next metadata, at
 * most five minutes later. A partition without a leader is not fetched, and one whose fetch fails is fetched in requests
 * of its own, so that neither keeps the others from being read.
 */
export class TopicsReader {
  readonly #options: TopicsReaderOptions;
  readonly #topics: FollowedTopics;
  #session: Session | undefined;
  #learning: Promise<void> = Promise.resolve();
  /** The next time at which followers are admitted and topics learnt. */
  #admission: Readonly<{ atMs: number; cancel: () => void }> | undefined;
  /** Counts what ended fetches before their time. */
  #interruptions = 0;
  /** Connections that were replaced since the last answer to a fetch. */
  #replaced = 0;

  constructor(options: TopicsReaderOptions) {
    this.#options = options;
    this.#topics = new FollowedTopics(options.clock, options.endpoint.logger);
    options.metrics.tableSilence.collect((gauge) => {
      gauge.reset();
      for (const [topic, silenceMs] of this.#topics.silences()) gauge.set({ topic }, silenceMs / 1_000);
    });
  }

  /** Returns the time (monotonic) since which each partition of a topic that is followed was read at least once. */
  lastContactMs(topic: string): number {
    return this.#topics.lastContactMs(topic);
  }

  /** Adds a follower, which receives the topic from its next offsets on. */
  add(topic: string, follower: TopicFollower): void {
    this.#topics.add(topic, follower);
    this.#admitIn(lingerMs);
  }

  /** Removes a follower. The connection is closed after the last one. */
  async remove(topic: string, follower: TopicFollower): Promise<void> {
    if (!this.#topics.remove(topic, follower)) return;
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
      const isAdmitted = this.#topics.admit();
      if (this.#session === undefined) void this.#connect();
      else this.#learn(this.#session, isAdmitted);
    }, delayMs);
    this.#admission = { atMs, cancel };
  }

  async #connect(): Promise<void> {
    const { endpoint, open = (to: KafkaEndpoint) => new TopicsConnection(to) } = this.#options;
    const session = { connection: open(endpoint), leaders: new Set<string>() };
    this.#session = session;
    try {
      await session.connection.connect();
      this.#learn(session, false);
    } catch (error) {
      this.#replace(session, error);
    }
  }

  #learn(session: Session, isAdmitted: boolean): void {
    this.#learning = this.#learning
      .then(async () => {
        if (this.#session !== session) return;
        if (isAdmitted) this.#endFetches(session);
        if (this.#problems(session).length > 0) await this.#refresh(session);
        else this.#fetchFromAll(session);
      })
      .catch((error: unknown) => this.#replace(session, error));
  }

  /** Learns all topics, also again. Fetches go on unless there is something else to fetch. */
  async #refresh(session: Session): Promise<void> {
    const { connection } = session;
    const topics = this.#topics.names;
    const leadersOf = (topic: string) => [...connection.partitionsOf(topic)].toSorted(([a], [b]) => a - b);
    const leaders = (): string => JSON.stringify(topics.map(leadersOf));
    const before = leaders();
    await connection.learn(topics);
    if (this.#session !== session) return;
    if (leaders() !== before) this.#endFetches(session);
    for (const fields of this.#problems(session))
      this.#options.endpoint.logger.warn(fields, 'tables.topic-unavailable');
    this.#fetchFromAll(session);
  }

  #problems({ connection }: Session): Readonly<{ topic: string; detail: string }>[] {
    return this.#topics.names.flatMap((topic) => {
      const detail = connection.problemOf(topic);
      return detail === undefined ? [] : [{ topic, detail }];
    });
  }

  #endFetches({ connection }: Session): void {
    this.#interruptions += 1;
    connection.endFetches();
  }

  /** Begins to fetch from each leader that no loop fetches from. */
  #fetchFromAll(session: Session): void {
    const { connection } = session;
    if (this.#problems(session).length > 0) this.#admitIn(problemMs);
    this.#topics.setPartitions(connection);
    const leaders = this.#topics.names.flatMap((topic) => [...connection.partitionsOf(topic).values()]);
    for (const leader of leaders) {
      if (leader === undefined || session.leaders.has(leader)) continue;
      session.leaders.add(leader);
      void this.#fetchFrom(session, leader)
        .catch((error: unknown) => this.#replace(session, error))
        .finally(() => session.leaders.delete(leader));
    }
  }

  async #fetchFrom(session: Session, leader: string): Promise<void> {
    const { clock, endpoint } = this.#options;
    let failures = 0;
    /** The interruptions before the last fetch that was answered. */
    let answeredAfter = -1;
    while (this.#session === session && this.#topics.statesAt(session.connection, leader).length > 0) {
      const interruptions = this.#interruptions;
      try {
        // What ended a fetch may do so again: without an answer in between, every partition would seem silent.
        const isEarly = await this.#fetchOnce(session, leader, {
          isWaiting: answeredAfter === interruptions,
        });
        failures = 0;
        if (interruptions === this.#interruptions) answeredAfter = interruptions;
        if (isEarly && interruptions === this.#interruptions) await sleep(clock, pauseMs);
      } catch (error) {
        if (this.#session !== session) return;
        if (interruptions !== this.#interruptions) continue;
        this.#topics.forgetEnds(leader);
        failures += 1;
        if (failures > maxFailures) throw error;
        endpoint.logger.info({ leader, failures, detail: detailOf(error) }, 'tables.fetch-failed');
        await sleep(clock, backoffMs({ attempt: failures, ...backoff }));
        if (this.#session === session) await this.#refresh(session);
      }
    }
  }

  /** Fetches from a leader. Returns true if that returned nothing, and at once for a reason that does not pass at once. */
  async #fetchOnce(session: Session, leader: string, { isWaiting }: FetchOptions): Promise<boolean> {
    const { clock } = this.#options;
    const { connection } = session;
    // The leader of a partition that failed may be another one now.
    if (this.#topics.isRetryDue(connection, leader)) await this.#refresh(session);
    const startedMs = clock.monotonicMs();
    let canPause = isWaiting;
    const answer = await connection.fetch(leader, () => {
      const { isAlone, ...plan } = this.#topics.planOf(connection, leader);
      if (isAlone) canPause = false;
      return isWaiting ? plan : { ...plan, maxWaitMs: 0 };
    });
    if (this.#session !== session) return false;
    if (answer.some((one) => !('error' in one))) this.#replaced = 0;
    const isEmpty = await this.#topics.take(connection, leader, answer);
    if (this.#session === session) this.#fetchFromAll(session);
    return canPause && isEmpty && clock.monotonicMs() - startedMs < pauseMs;
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
