import { orderingEntryKey } from '@tidings/contracts';
import type { ChangelogRecord, OrderingChangelog } from '../adapters/ordering-changelog.ts';
import type { OrderedQueues, QueueEntry } from '../domain/ordered-queues.ts';

type Dependencies = Readonly<{
  changelog: Pick<OrderingChangelog, 'read'>;
  orderedQueues: Pick<OrderedQueues, 'entryOf'>;
  /** Maximum bytes of all bodies in memory. */
  maxBytes: number;
}>;

// Entries written together are stored together: one read also loads the next ones.
const readAhead = 256;

/**
 * The bodies of persisted entries: in memory while there is room, otherwise only in the changelog, from which
 * they are read back when they are needed.
 */
export class BodyCache {
  readonly #dependencies: Dependencies;
  readonly #cached = new Set<QueueEntry>();
  /**
   * The last read of each partition. Reads are sequential, since an earlier one
   * may load the body that the next one needs.
   */
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

  /** Keeps the body of a persisted entry if there is room; discards it otherwise. */
  put(entry: QueueEntry): void {
    const { body, bytes } = entry;
    if (body === null || this.#cached.has(entry)) return;
    if (bytes > this.freeBytes) {
      entry.body = null;
      return;
    }
    // A fetched body is a slice of the whole fetch buffer, which would stay in memory with it.
    if (body.buffer.byteLength > 2 * body.length) entry.body = Buffer.from(body);
    this.#cached.add(entry);
    this.#bytes += bytes;
  }

  forget(entry: QueueEntry): void {
    if (this.#cached.delete(entry)) this.#bytes -= entry.bytes;
  }

  /**
   * Reads the body of an entry from the changelog, and those of the next entries while there is room. Resolves
   * to false when the changelog shows that the entry has ended, in which case another process ended it.
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
    const { changelog, orderedQueues } = this.#dependencies;
    const { persistedOffset, queue } = entry;
    if (entry.body !== null || queue.isRevoked || persistedOffset === null) return true;
    const from = new Map([[queue.partition, persistedOffset]]);
    const key = orderingEntryKey(entry.state);
    const take = ({ partition, key: recordKey, offset, value }: ChangelogRecord): void => {
      if (value === null) return;
      const found = recordKey === key ? entry : orderedQueues.entryOf(partition, value.command.state);
      if (found?.body !== null || found.persistedOffset !== offset) return;
      found.body = value.command.body;
      if (found !== entry) this.put(found);
    };
    await changelog.read(from, take, { length: this.freeBytes > 0 ? readAhead : 1 });
    if ((entry.body as Buffer | null) !== null) return true;
    return this.#readToTheEnd(entry, from);
  }

  // The entry is not at its offset any more: a former owner of the partition must have written a newer one.
  async #readToTheEnd(entry: QueueEntry, from: ReadonlyMap<number, bigint>): Promise<boolean> {
    const key = orderingEntryKey(entry.state);
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
