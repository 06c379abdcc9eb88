/** One record of a compacted topic as it lies there. `digest` is of its whole value. */
export type TopicRecord = Readonly<{
  version: number;
  countedVersion: number;
  isDeleted: boolean;
  digest: string;
  offset: bigint;
}>;

/** What a record that has just been read is, seen beside those before it. */
export type TopicRecordStatus = 'newest' | 'repeated' | 'superseded';

type Entry = { last: TopicRecord; newest: TopicRecord };

/**
 * What compaction would leave of the topic: the last record of each key, whatever its version. Reading all records and
 * not only the newest versions is what makes an older version visible that landed after a newer one.
 */
export class TopicVersions {
  readonly #entries = new Map<string, Entry>();

  /**
   * Takes a record in. `overtaken`: its version is older than one that lies before it, and compaction would bring the
   * older one back to life. `repeated`: it was read before, as happens when a reader joins its group again.
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

  /** A tombstone landed. */
  remove(key: string): void {
    this.#entries.delete(key);
  }

  /** The last record of a key. */
  lastOf(key: string): TopicRecord | undefined {
    return this.#entries.get(key)?.last;
  }

  /** The newest version that ever landed: what every reader of the topic holds. 0 when there is none. */
  newestVersionOf(key: string): number {
    return this.#entries.get(key)?.newest.version ?? 0;
  }

  /** The version from which its attempts count, by the newest version. 0 when there is none. */
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
