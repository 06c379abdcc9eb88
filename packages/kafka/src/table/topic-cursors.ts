import type { LogMessage, LogRange } from '../client/cluster.ts';
import type { FetchedPartition, FetchPosition } from '../client/topics-connection.ts';

/** Records of one partition, in offset order. `end` is that of the log. */
export type TopicBatch = Readonly<{
  topic: string;
  partition: number;
  messages: readonly LogMessage[];
  end: number;
}>;

/** A part that reads a whole topic from its beginning, and every later record. */
export type TopicFollower = Readonly<{
  /** Returns the next offset that it requires of a partition; 0 if it has none of its records. */
  nextOffset(partition: number): number;
  /** Called with each batch; records before its next offset may occur again. Must not throw. */
  onBatch(batch: TopicBatch): void;
  /** Called when every offset before `offset` has been passed, perhaps repeatedly. */
  onReached(partition: number, offset: number): void;
}>;

type Cursor = {
  offset: number;
  /** The end of the log when it was last fetched; undefined before the first fetch. */
  end: number | undefined;
  /** Time since which fetches return nothing although the end is not reached. */
  emptySinceMs: number | undefined;
};

// What compaction has removed at the end of a log is passed by no record: the end counts as reached after this time.
const emptyTailMs = 5_000;

/**
 * The followers of one topic and how far its partitions were read for them. A follower that is added waits until it is
 * admitted; then all partitions are read from its next offset on, and the other followers skip what they have.
 */
export class TopicCursors {
  readonly topic: string;
  readonly #followers = new Set<TopicFollower>();
  readonly #waiting = new Set<TopicFollower>();
  readonly #cursors = new Map<number, Cursor>();

  constructor(topic: string) {
    this.topic = topic;
  }

  add(follower: TopicFollower): void {
    this.#waiting.add(follower);
  }

  /** Removes a follower. Returns true if it was the last one. */
  remove(follower: TopicFollower): boolean {
    const isKnown = this.#followers.delete(follower) || this.#waiting.delete(follower);
    return isKnown && this.#followers.size + this.#waiting.size === 0;
  }

  /** Lets the followers that wait take part from the next fetch on. */
  admit(): void {
    if (this.#waiting.size === 0) return;
    for (const follower of this.#waiting) this.#followers.add(follower);
    this.#waiting.clear();
    for (const partition of this.#cursors.keys()) this.#cursors.set(partition, this.#begin(partition));
  }

  /** Returns what to fetch of the given partitions; one that is not known yet is read from its beginning. */
  positions(partitions: Iterable<number>): FetchPosition[] {
    if (this.#followers.size === 0) return [];
    return [...partitions].map((partition) => {
      const cursor = this.#cursors.get(partition) ?? this.#begin(partition);
      this.#cursors.set(partition, cursor);
      return { topic: this.topic, partition, offset: cursor.offset };
    });
  }

  /** Returns true if no record of a partition is known that was not passed on. */
  isAtEnd(partition: number): boolean {
    const cursor = this.#cursors.get(partition);
    return cursor?.end !== undefined && cursor.offset >= cursor.end;
  }

  /**
   * Passes on what was fetched. Ignores an answer to an earlier position: followers have been added since.
   * `emptyAtMs`: the time, if the whole fetch returned nothing, also of other partitions that share its size limit.
   */
  take({ partition, offset, messages, nextOffset, end }: FetchedPartition, emptyAtMs: number | null): void {
    const cursor = this.#cursors.get(partition);
    if (cursor === undefined || cursor.offset !== offset) return;
    cursor.end = end;
    if (messages.length > 0) {
      for (const follower of this.#followers)
        follower.onBatch({ topic: this.topic, partition, messages, end });
    }
    cursor.offset = this.#passEmptyTail(cursor, nextOffset, emptyAtMs);
    for (const follower of this.#followers) follower.onReached(partition, cursor.offset);
  }

  /** Continues at the beginning of a log that does not have the position. Returns false if it does have it. */
  reposition(partition: number, { low, high }: LogRange): boolean {
    const cursor = this.#cursors.get(partition);
    if (cursor === undefined || (cursor.offset >= low && cursor.offset <= high)) return false;
    this.#cursors.set(partition, { offset: low, end: undefined, emptySinceMs: undefined });
    return true;
  }

  #begin(partition: number): Cursor {
    const next = [...this.#followers].map((follower) => follower.nextOffset(partition));
    return { offset: Math.min(...next), end: undefined, emptySinceMs: undefined };
  }

  #passEmptyTail(cursor: Cursor, nextOffset: number, emptyAtMs: number | null): number {
    const { offset, end = 0 } = cursor;
    if (nextOffset > offset || offset >= end || emptyAtMs === null) {
      cursor.emptySinceMs = undefined;
      return nextOffset;
    }
    cursor.emptySinceMs ??= emptyAtMs;
    return emptyAtMs - cursor.emptySinceMs < emptyTailMs ? nextOffset : end;
  }
}
