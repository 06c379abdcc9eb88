import { holdKey } from '@tidings/contracts';
import type { QueueEntry } from '../domain/ordered-queue.ts';
import type { ChangelogRecord, OrderingChangelog } from '../ports.ts';

type Dependencies = Readonly<{
  changelog: Pick<OrderingChangelog, 'read'>;
  /** Finds who an entry belongs to. */
  find: (record: ChangelogRecord) => QueueEntry | undefined;
  /** For the bodies of all entries together. */
  maxBytes: number;
}>;

// Entries that were written together lie together: one read brings the next ones as well.
const readAhead = 256;

/**
 * The bodies of commands that have an entry: in memory while there is room, else only in the changelog, to be read back
 * when their turn comes.
 */
export class BodyCache {
  readonly #dependencies: Dependencies;
  readonly #cached = new Set<QueueEntry>();
  /** The last read of each partition: one at a time, since the one before may bring what the next one is for. */
  readonly #reads = new Map<number, Promise<void>>();
  #bytes = 0;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.#dependencies.maxBytes - this.#bytes);
  }

  /** Keeps the body of a member with an entry if there is room for it, else lets it go. */
  put(entry: QueueEntry): void {
    const { body, bytes } = entry;
    if (body === null || this.#cached.has(entry)) return;
    if (bytes > this.freeBytes) {
      entry.body = null;
      return;
    }
    // What was fetched is a slice of the whole fetch, which would stay in memory with it.
    if (body.buffer.byteLength > 2 * body.length) entry.body = Buffer.from(body);
    this.#cached.add(entry);
    this.#bytes += bytes;
  }

  forget(entry: QueueEntry): void {
    if (this.#cached.delete(entry)) this.#bytes -= entry.bytes;
  }

  /**
   * Reads a member's body from its entry, and those of others close behind while there is room. False: the changelog
   * says that the member has ended, so somebody else must have ended it.
   */
  async load(entry: QueueEntry): Promise<boolean> {
    const { partition } = entry.queue;
    const before = this.#reads.get(partition) ?? Promise.resolve();
    const read = before.then(async () => this.#read(entry));
    const settled = read.then(
      () => {},
      () => {},
    );
    this.#reads.set(partition, settled);
    try {
      return await read;
    } finally {
      if (this.#reads.get(partition) === settled) this.#reads.delete(partition);
    }
  }

  async #read(entry: QueueEntry): Promise<boolean> {
    const { changelog, find } = this.#dependencies;
    const { persistedOffset, queue } = entry;
    if (entry.body !== null || queue.isRevoked || persistedOffset === null) return true;
    const from = new Map([[queue.partition, persistedOffset]]);
    const key = holdKey(entry.state);
    const take = (record: ChangelogRecord): void => {
      const found = record.key === key ? entry : find(record);
      if (found?.body !== null || found.persistedOffset !== record.offset || record.value === null) return;
      found.body = record.value.command.body;
      if (found !== entry) this.put(found);
    };
    await changelog.read(from, take, this.freeBytes > 0 ? readAhead : 1);
    if ((entry.body as Buffer | null) !== null) return true;
    return this.#readToTheEnd(entry, from);
  }

  // Its entry is no longer where it was: a process that had the partition before us must have written a newer one.
  async #readToTheEnd(entry: QueueEntry, from: ReadonlyMap<number, bigint>): Promise<boolean> {
    const key = holdKey(entry.state);
    let newest: ChangelogRecord | undefined;
    const take = (record: ChangelogRecord): void => {
      if (record.key === key) newest = record;
    };
    await this.#dependencies.changelog.read(from, take);
    const found = newest as ChangelogRecord | undefined;
    if (found === undefined || found.value === null) return false;
    entry.persistedOffset = found.offset;
    entry.body = found.value.command.body;
    return true;
  }
}
