import type { Logger } from '@tidings/observability';
import { BoundedMap } from '@tidings/runtime';
import type { IncomingRecord, TableOptions } from '../bus.ts';
import { detailOf } from '../client/errors.ts';
import type { KafkaMetricHandles } from '../metrics.ts';

export type TableViewOptions<V> = Readonly<{
  table: TableOptions<V>;
  logger: Logger;
  metrics: KafkaMetricHandles;
}>;

// Versions of removed keys are kept, so that a late older record does not restore one; at most this many.
const maxRemembered = 10_000;

/** The version of a key, the partition that it came from, and how often that was restarted before. */
type Seen = Readonly<{ version: number; partition: number; restarts: number }>;

/**
 * A compacted topic as a map, from its records in any number of reads: a key's version only rises, an offset counts
 * once, a tombstone removes its key. A partition that is restarted is another log, with versions of its own.
 */
export class TableView<V> {
  readonly #options: TableViewOptions<V>;
  readonly #entries = new Map<string, Seen & Readonly<{ value: V }>>();
  readonly #removed = new BoundedMap<string, Seen>(maxRemembered);
  readonly #restarts = new Map<number, number>();

  constructor(options: TableViewOptions<V>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  *values(): IterableIterator<V> {
    for (const { value } of this.#entries.values()) yield value;
  }

  /** Applies a record. Never throws: an unreadable record is logged, counted and skipped. */
  apply(record: IncomingRecord): void {
    if (record.value === null) {
      if (record.key !== null) this.#remove(record.key);
      return;
    }
    const { table, logger, metrics } = this.#options;
    const { topic, partition, offset, key } = record;
    try {
      const change = table.decode(record);
      const seen = this.#entries.get(change.key) ?? this.#removed.get(change.key);
      if (seen !== undefined && !this.#isOfOldLog(seen) && change.version < seen.version) return;
      this.#removed.delete(change.key);
      const restarts = this.#restarts.get(partition) ?? 0;
      this.#entries.set(change.key, { version: change.version, partition, restarts, value: change.value });
      table.onChange?.(change.key, change.value);
    } catch (error) {
      metrics.poisonRecords.inc({ topic });
      const fields = { topic, partition, offset: String(offset), key, detail: detailOf(error) };
      logger.error(fields, 'table.record-skipped');
    }
  }

  /** Expects the records of a partition from its beginning, of another log than before. */
  restart(partition: number): void {
    this.#restarts.set(partition, (this.#restarts.get(partition) ?? 0) + 1);
  }

  /** Removes the entries of a partition that was restarted which its log does not have. */
  endRestart(partition: number): void {
    const old = [...this.#entries].filter(
      ([, entry]) => entry.partition === partition && this.#isOfOldLog(entry),
    );
    for (const [key] of old) this.#remove(key);
  }

  #isOfOldLog({ partition, restarts }: Seen): boolean {
    return restarts < (this.#restarts.get(partition) ?? 0);
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const { version, partition, restarts } = entry;
    this.#removed.set(key, { version, partition, restarts });
    const { table, logger } = this.#options;
    try {
      table.onChange?.(key, undefined);
    } catch (error) {
      logger.error({ topic: table.topic.name, key, error }, 'table.listener-failed');
    }
  }
}
