import type { Logger } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import { detailOf, isOutOfRange } from '../client/errors.ts';
import type {
  FailedPartition,
  FetchedPartition,
  FetchPlan,
  TopicsConnection,
} from '../client/topics-connection.ts';
import { type PartitionState, TopicCursors, type TopicFollower } from './topic-cursors.ts';

type Leaders = Pick<TopicsConnection, 'partitionsOf'>;
type Ranges = Pick<TopicsConnection, 'rangeOf'>;

// The longest wait for records of which some are known to be there.
const shortWaitMs = 250;
// As many failures of a partition in a row are no change of its leader.
const lastingFailures = 5;

/** The topics that are followed: what is to be fetched of them, and what becomes of what was fetched. */
export class FollowedTopics {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #topics = new Map<string, TopicCursors>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  get names(): readonly string[] {
    return [...this.#topics.keys()];
  }

  /** Returns for each topic the time in milliseconds since each of its partitions was read at least once. */
  silences(): readonly (readonly [topic: string, silenceMs: number])[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#topics].map(([topic, { lastContactMs }]) => [topic, nowMs - lastContactMs]);
  }

  /** Returns the time (monotonic) since which each partition of a topic was read at least once. */
  lastContactMs(topic: string): number {
    return this.#topics.get(topic)?.lastContactMs ?? 0;
  }

  /** Adds a follower, which takes part when it is admitted. */
  add(topic: string, follower: TopicFollower): void {
    const cursors = this.#topics.get(topic) ?? new TopicCursors(topic, this.#clock.monotonicMs());
    this.#topics.set(topic, cursors);
    cursors.add(follower);
  }

  /** Removes a follower. Returns true if no topic is followed any more. */
  remove(topic: string, follower: TopicFollower): boolean {
    if (this.#topics.get(topic)?.remove(follower) === true) this.#topics.delete(topic);
    return this.#topics.size === 0;
  }

  /** Lets the followers that wait take part. Returns true if fetches under way have an earlier position then. */
  admit(): boolean {
    return [...this.#topics.values()].filter((cursors) => cursors.admit()).length > 0;
  }

  /** Begins with partitions that the brokers have added. A topic that is missing keeps those that it had. */
  setPartitions(connection: Leaders): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [topic, cursors] of this.#topics) {
      const partitions = [...connection.partitionsOf(topic).keys()];
      if (partitions.length > 0) cursors.setPartitions(partitions, nowMs);
    }
  }

  /** Returns the partitions that a leader has. */
  statesAt(connection: Leaders, leader: string): PartitionState[] {
    return [...this.#topics].flatMap(([topic, cursors]) => {
      const partitions = [...connection.partitionsOf(topic)].filter(([, id]) => id === leader);
      return cursors.states(
        partitions.map(([partition]) => partition),
        leader,
      );
    });
  }

  /** Returns true if a partition of a leader that failed is to be fetched again. */
  isRetryDue(connection: Leaders, leader: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const isDue = ({ isFailing, aloneAtMs = Infinity }: PartitionState): boolean =>
      isFailing && aloneAtMs <= nowMs;
    return this.statesAt(connection, leader).some(isDue);
  }

  /** Returns the next fetch from a leader: one partition if that is due, else all of those that do not fail. */
  planOf(connection: Leaders, leader: string): FetchPlan & Readonly<{ isAlone: boolean }> {
    const nowMs = this.#clock.monotonicMs();
    const states = this.statesAt(connection, leader);
    const alone = states.find(({ aloneAtMs = Infinity }) => aloneAtMs <= nowMs);
    if (alone !== undefined) return { positions: [alone], maxWaitMs: 0, isAlone: true };
    const positions = states.filter(({ isFailing }) => !isFailing);
    const nextMs = Math.min(...states.map(({ aloneAtMs = Infinity }) => aloneAtMs)) - nowMs;
    const canWait = positions.every(({ isAtEnd }) => isAtEnd);
    return { positions, maxWaitMs: canWait ? nextMs : Math.min(nextMs, shortWaitMs), isAlone: false };
  }

  /** Has the ends of logs asked for again that a leader told: it may have lost its place for a moment. */
  forgetEnds(leader: string): void {
    for (const cursors of this.#topics.values()) cursors.forgetEnds(leader);
  }

  /** Passes on what was fetched from a leader. Returns true if it was nothing. */
  async take(
    connection: Ranges,
    leader: string,
    answer: readonly (FetchedPartition | FailedPartition)[],
  ): Promise<boolean> {
    const nowMs = this.#clock.monotonicMs();
    const fetched = answer.filter((one): one is FetchedPartition => !('error' in one));
    const isEmpty = fetched.every(({ offset, nextOffset }) => nextOffset === offset);
    for (const one of fetched) this.#topics.get(one.topic)?.take(one, { leader, nowMs, isEmpty });
    for (const one of answer) if ('error' in one) await this.#fail(connection, one);
    return isEmpty;
  }

  async #fail(connection: Ranges, failed: FailedPartition): Promise<void> {
    const { topic, partition, error } = failed;
    if (isOutOfRange(error) && (await this.#reposition(connection, failed))) return;
    const failures = this.#topics.get(topic)?.fail(partition, this.#clock.monotonicMs()) ?? 0;
    const level = failures < lastingFailures ? 'info' : 'warn';
    this.#logger[level]({ topic, partition, failures, detail: detailOf(error) }, 'tables.fetch-failed');
  }

  async #reposition(connection: Ranges, failed: FailedPartition): Promise<boolean> {
    const { topic, partition, offset } = failed;
    try {
      const range = await connection.rangeOf(topic, partition);
      this.#logger.warn({ topic, partition, offset, ...range }, 'tables.offset-out-of-range');
      return this.#topics.get(topic)?.reposition(failed, range) ?? true;
    } catch (error) {
      this.#logger.info({ topic, partition, detail: detailOf(error) }, 'tables.range-unavailable');
      return false;
    }
  }
}
