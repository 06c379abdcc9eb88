import { backoffMs } from '@tidings/runtime';
import type { LogRange } from '../admin/list-offsets.ts';
import type { LogMessage } from '../client/cluster.ts';
import type { FetchedPartition, FetchPosition, PlannedPosition } from '../client/topics-connection.ts';

/** Records of one partition, in offset order. */
export type TopicBatch = Readonly<{ topic: string; partition: number; messages: readonly LogMessage[] }>;

/** A part that reads a whole topic from its beginning, and every later record. Its functions must not throw. */
export type TopicFollower = Readonly<{
  /** Returns the next offset that it requires of a partition; 0 if it has none of its records. */
  nextOffset(partition: number): number;
  /** Called with the partitions that the topic has, perhaps repeatedly. */
  onPartitions(partitions: readonly number[]): void;
  /** Called with each batch; records before its next offset may occur again. */
  onBatch(batch: TopicBatch): void;
  /**
   * Called when every offset before `offset` has been passed, perhaps repeatedly. `end` is that of the log, undefined
   * while its leader cannot tell it.
   */
  onReached(partition: number, offset: number, end: number | undefined): void;
  /** Called when a log is not the one that was read: it follows from its beginning again. `end` is the new one's. */
  onRestarted(partition: number, end: number): void;
}>;

/** A partition that can be fetched. */
export type PartitionState = PlannedPosition &
  Readonly<{
    /** Its last fetch failed: it is fetched in a request of its own until one succeeds. */
    isFailing: boolean;
    /** No record is known that was not passed on. */
    isAtEnd: boolean;
    /** Time (monotonic) at which it is to be fetched in a request of its own. */
    aloneAtMs: number | undefined;
  }>;

type Cursor = {
  offset: number;
  /** The end of the log when it was last fetched; undefined until a leader has told it. */
  end: number | undefined;
  /** The leader that told the end. */
  leader: string | undefined;
  /** Time since which fetches without any record do not reach the end. */
  emptySinceMs: number | undefined;
  aloneAtMs: number | undefined;
  /** Fetches that failed since the last one that did not. */
  failures: number;
  /** Time of the last answer about it that was no error. */
  contactMs: number;
};

/** The leader from which something was fetched, and the time (monotonic). */
type Taken = Readonly<{ leader: string; nowMs: number; isEmpty: boolean }>;

// What compaction has removed at the end of a log is passed by no record: the end counts as reached after this time.
const emptyTailMs = 5_000;
const emptyTailProbeMs = 1_000;
const failureBackoff = { baseMs: 250, maxMs: 10_000, random: Math.random };

/**
 * The followers of one topic and how far its partitions were read for them. A follower that is added waits until it is
 * admitted; then all partitions are read from its next offset on, and the other followers skip what they have.
 */
export class TopicCursors {
  readonly topic: string;
  readonly #sinceMs: number;
  readonly #followers = new Set<TopicFollower>();
  readonly #waiting = new Set<TopicFollower>();
  readonly #cursors = new Map<number, Cursor>();

  constructor(topic: string, nowMs: number) {
    this.topic = topic;
    this.#sinceMs = nowMs;
  }

  /** Time (monotonic) since which each partition has answered at least once. */
  get lastContactMs(): number {
    if (this.#cursors.size === 0) return this.#sinceMs;
    return Math.min(...[...this.#cursors.values()].map(({ contactMs }) => contactMs));
  }

  add(follower: TopicFollower): void {
    this.#waiting.add(follower);
  }

  /** Removes a follower. Returns true if it was the last one. */
  remove(follower: TopicFollower): boolean {
    const isKnown = this.#followers.delete(follower) || this.#waiting.delete(follower);
    return isKnown && this.#followers.size + this.#waiting.size === 0;
  }

  /** Lets the followers that wait take part from the next fetch on. Returns true if that changes a known partition. */
  admit(): boolean {
    if (this.#waiting.size === 0) return false;
    for (const follower of this.#waiting) this.#followers.add(follower);
    this.#waiting.clear();
    for (const [partition, cursor] of this.#cursors) this.#moveTo(cursor, this.#firstOffset(partition));
    return this.#cursors.size > 0;
  }

  /** Learns which partitions the topic has. One that is not known yet is read from its beginning. */
  setPartitions(partitions: readonly number[], nowMs: number): void {
    if (this.#followers.size === 0) return;
    for (const partition of partitions) {
      if (this.#cursors.has(partition)) continue;
      this.#cursors.set(partition, {
        offset: this.#firstOffset(partition),
        end: undefined,
        leader: undefined,
        emptySinceMs: undefined,
        aloneAtMs: undefined,
        failures: 0,
        contactMs: nowMs,
      });
    }
    for (const partition of this.#cursors.keys())
      if (!partitions.includes(partition)) this.#cursors.delete(partition);
    for (const follower of this.#followers) follower.onPartitions(partitions);
  }

  /** Returns what to fetch of the given partitions from their leader. */
  states(partitions: readonly number[], leader: string): PartitionState[] {
    return partitions.flatMap((partition) => {
      const cursor = this.#cursors.get(partition);
      if (cursor === undefined) return [];
      const { offset, end, failures, aloneAtMs } = cursor;
      const isEndKnown = end !== undefined && cursor.leader === leader;
      const isAtEnd = isEndKnown && offset >= end;
      return [
        { topic: this.topic, partition, offset, isEndKnown, isFailing: failures > 0, isAtEnd, aloneAtMs },
      ];
    });
  }

  /** Has the ends of logs asked for again that a leader told. */
  forgetEnds(leader: string): void {
    for (const cursor of this.#cursors.values()) if (cursor.leader === leader) cursor.leader = undefined;
  }

  /**
   * Passes on what was fetched. Ignores an answer to an earlier position: followers have been added since.
   * `isEmpty`: the whole fetch returned nothing, also of other partitions that share its size limit.
   */
  take(fetched: FetchedPartition, { leader, nowMs, isEmpty }: Taken): void {
    const { partition, offset, messages, nextOffset, end } = fetched;
    const cursor = this.#cursors.get(partition);
    if (cursor === undefined) return;
    cursor.contactMs = nowMs;
    if (cursor.failures > 0) Object.assign(cursor, { failures: 0, aloneAtMs: undefined });
    if (cursor.offset !== offset) return;
    Object.assign(cursor, { end, leader });
    if (messages.length > 0) {
      const isShorter = [...this.#followers].some(
        (follower) => follower.nextOffset(partition) > (end ?? Infinity),
      );
      if (end !== undefined && isShorter) {
        this.#restart(partition, { low: 0, high: end });
        return;
      }
      for (const follower of this.#followers) follower.onBatch({ topic: this.topic, partition, messages });
    }
    cursor.offset = nextOffset;
    if (end !== undefined && nextOffset === offset && offset < end)
      this.#passEmptyTail(cursor, { nowMs, isEmpty });
    else Object.assign(cursor, { emptySinceMs: undefined, aloneAtMs: undefined });
    for (const follower of this.#followers) follower.onReached(partition, cursor.offset, end);
  }

  /**
   * Continues at the beginning of a log that does not have the position: its first records have expired, or it is
   * another log, which is read as a whole. Returns false if the position is its beginning.
   */
  reposition({ partition, offset }: FetchPosition, range: LogRange): boolean {
    const cursor = this.#cursors.get(partition);
    if (cursor === undefined || cursor.offset !== offset) return true;
    if (offset === range.low) return false;
    if (offset < range.low) this.#moveTo(cursor, range.low);
    else this.#restart(partition, range);
    return true;
  }

  /** Has a partition fetched in requests of its own, after a back-off. Returns the number of failures. */
  fail(partition: number, nowMs: number): number {
    const cursor = this.#cursors.get(partition);
    if (cursor === undefined) return 0;
    cursor.failures += 1;
    cursor.aloneAtMs = nowMs + backoffMs({ attempt: cursor.failures, ...failureBackoff });
    return cursor.failures;
  }

  #firstOffset(partition: number): number {
    return Math.min(...[...this.#followers].map((follower) => follower.nextOffset(partition)));
  }

  #moveTo(cursor: Cursor, offset: number): void {
    Object.assign(cursor, { offset, end: undefined, emptySinceMs: undefined });
    if (cursor.failures === 0) cursor.aloneAtMs = undefined;
  }

  #restart(partition: number, { low, high }: LogRange): void {
    const cursor = this.#cursors.get(partition);
    if (cursor !== undefined) this.#moveTo(cursor, low);
    for (const follower of this.#followers) follower.onRestarted(partition, high);
  }

  /** Counts the end as reached once fetches return nothing at all for five seconds; beside others' records, alone. */
  #passEmptyTail(cursor: Cursor, { nowMs, isEmpty }: Readonly<{ nowMs: number; isEmpty: boolean }>): void {
    if (!isEmpty) {
      cursor.aloneAtMs ??= nowMs;
      return;
    }
    cursor.emptySinceMs ??= nowMs;
    cursor.aloneAtMs = nowMs + emptyTailProbeMs;
    if (nowMs - cursor.emptySinceMs < emptyTailMs) return;
    cursor.offset = cursor.end ?? cursor.offset;
    Object.assign(cursor, { emptySinceMs: undefined, aloneAtMs: undefined });
  }
}
