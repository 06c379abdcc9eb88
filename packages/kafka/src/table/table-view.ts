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

/**
 * A compacted topic as a map, from its records in any number of reads: a key's version only rises, an offset counts
 * once, a tombstone removes its key.
 */
export class TableView<V> {
  readonly #options: TableViewOptions<V>;
  readonly #entries = new Map<string, Readonly<{ version: number; value: V }>>();
  readonly #removed = new BoundedMap<string, number>(maxRemembered);

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
      const seen = this.#entries.get(change.key)?.version ?? this.#removed.get(change.key);
      if (seen !== undefined && change.version < seen) return;
      this.#removed.delete(change.key);
      this.#entries.set(change.key, { version: change.version, value: change.value });
      table.onChange?.(change.key, change.value);
    } catch (error) {
      metrics.poisonRecords.inc({ topic });
      const fields = { topic, partition, offset: String(offset), key, detail: detailOf(error) };
      logger.error(fields, 'table.record-skipped');
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#removed.set(key, entry.version);
    const { table, logger } = this.#options;
    try {
      table.onChange?.(key, undefined);
    } catch (error) {
      logger.error({ topic: table.topic.name, key, error }, 'table.listener-failed');
    }
  }
}
