import type { Bus, IncomingRecord, Table, TableOptions } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { KeptRecord } from './snapshot-file.ts';

/** Options of {@link KeptTable}. `restored`: records of a snapshot, and their time; undefined without one. */
export type KeptTableOptions<V> = Readonly<{
  bus: Pick<Bus, 'table'>;
  table: TableOptions<V>;
  restored: Readonly<{ records: readonly KeptRecord[]; writtenAtMs: number }> | undefined;
  maxAgeMs: number;
  clock: Clock;
  logger: Logger;
}>;

/**
 * A table whose records are kept for the next process, and which begins with those that an earlier process has kept. What
 * the topic says replaces them; those that the topic does not have go once it has been read.
 */
export class KeptTable<V> {
  readonly #options: KeptTableOptions<V>;
  readonly #kept = new Map<string, KeptRecord>();
  /** Versions of the restored records that the topic has not confirmed yet. */
  readonly #restored = new Map<string, number>();
  #decoded: Readonly<{ version: number; record: IncomingRecord }> | undefined;
  #freshAtMs = 0;
  #isInnerStale = (): boolean => true;
  /** True once the topic has been read. */
  isComplete = false;
  /** True if its records have changed since this was last set to false. */
  isChanged = false;

  constructor(options: KeptTableOptions<V>) {
    this.#options = options;
  }

  /** True while the brokers are not heard of. */
  get isAway(): boolean {
    return this.#isInnerStale();
  }

  records(): readonly KeptRecord[] {
    return [...this.#kept.values()];
  }

  async open(): Promise<Table<V>> {
    const { bus, table, restored } = this.#options;
    if (restored !== undefined) this.#restore(restored.records);
    this.#freshAtMs = restored?.writtenAtMs ?? 0;
    const inner = await bus.table<V>({
      ...table,
      decode: (record) => {
        const change = table.decode(record);
        this.#decoded = { version: change.version, record };
        return change;
      },
      onChange: (key, value) => this.#change(key, value),
    });
    this.#isInnerStale = () => inner.isStale();
    const complete = inner.ready().then(() => this.#complete());
    return {
      get: (key) => inner.get(key),
      values: () => inner.values(),
      size: () => inner.size(),
      ready: async () => (restored === undefined ? complete : undefined),
      isStale: () => this.#isStale(inner.isStale()),
      close: async () => inner.close(),
    };
  }

  #restore(records: readonly KeptRecord[]): void {
    const { table, logger } = this.#options;
    for (const { value, ...kept } of records) {
      const { name: topic } = table.topic;
      const record = { topic, partition: 0, offset: 0n, ...kept, value: Buffer.from(value, 'base64') };
      try {
        const change = table.decode(record);
        this.#restored.set(change.key, change.version);
        this.#kept.set(change.key, { value, ...kept });
        table.onChange?.(change.key, change.value);
      } catch (error) {
        logger.error({ topic, key: kept.key, detail: messageOf(error) }, 'snapshot.record-skipped');
      }
    }
  }

  #change(key: string, value: V | undefined): void {
    const { onChange } = this.#options.table;
    if (value === undefined) this.#kept.delete(key);
    else {
      const { version, record } = this.#decoded ?? {};
      if (record === undefined || (version ?? 0) < (this.#restored.get(key) ?? 0)) return;
      const { key: recordKey, headers, timestampMs } = record;
      const kept = record.value?.toString('base64') ?? '';
      this.#kept.set(key, { key: recordKey, headers, timestampMs, value: kept });
    }
    this.#restored.delete(key);
    this.isChanged = true;
    onChange?.(key, value);
  }

  #complete(): void {
    for (const key of [...this.#restored.keys()]) this.#change(key, undefined);
    this.isComplete = true;
    this.isChanged = true;
  }

  // While the brokers are away, what was known serves for as long as a snapshot does.
  #isStale(isInnerStale: boolean): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (!isInnerStale && this.isComplete) this.#freshAtMs = nowMs;
    return isInnerStale && nowMs - this.#freshAtMs > this.#options.maxAgeMs;
  }
}
