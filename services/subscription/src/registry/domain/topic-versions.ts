/** One record of a compacted topic. `digest`: of the whole value. `deletedAtMs`: of a copy, which alone has it. */
export type TopicRecord = Readonly<{
  version: number;
  countedVersion: number;
  isDeleted: boolean;
  digest: string;
  offset: bigint;
  deletedAtMs?: number | null;
}>;

/** Status of a record relative to the records before it. */
export type TopicRecordStatus = 'newest' | 'repeated' | 'superseded';

type Entry = { last: TopicRecord; newest: TopicRecord };

/**
 * The newest record of each document on its compacted topic, and the last record of each key, whatever its version,
 * which compaction would leave. All records are read, not only the newest versions: an older version after a newer one
 * is visible only this way.
 */
export class TopicVersions {
  readonly #entries = new Map<string, Entry>();

  /**
   * Applies a record. `superseded`: its version is older than that of an earlier record, so compaction would restore
   * the older version. `repeated`: it was read before, for example after the reader rejoined its group.
   */
  apply(key: string, record: TopicRecord): TopicRecordStatus {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#entries.set(key, { last: record, newest: record });
      return 'newest';
    }
    if (record.offset <= entry.last.offset) return 'repeated';
    entry.last = record;
    if (record.version < entry.newest.version) return 'superseded';
    entry.newest = record;
    return 'newest';
  }

  /** Applies a tombstone. */
  remove(key: string): void {
    this.#entries.delete(key);
  }

  /** Returns the last record of a key. */
  lastOf(key: string): TopicRecord | undefined {
    return this.#entries.get(key)?.last;
  }

  /** Returns the newest version ever published, which every reader of the topic holds; 0 if there is none. */
  newestVersionOf(key: string): number {
    return this.#entries.get(key)?.newest.version ?? 0;
  }

  /** Returns true if the newest version ever published is a deletion. */
  isDeleted(key: string): boolean {
    return this.#entries.get(key)?.newest.isDeleted === true;
  }

  /** Returns the version from which attempts count, according to the newest version; 0 if there is none. */
  countedVersionOf(key: string): number {
    return this.#entries.get(key)?.newest.countedVersion ?? 0;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  get size(): number {
    return this.#entries.size;
  }
}
