import { DecodeError, decodeAudit, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, PeriodicTask } from '@tidings/runtime';
import type { AuditStore, StoredAudit } from './ports.ts';

/** The dependencies of the reader. */
export type AuditReaderParts = Readonly<{
  bus: Pick<Bus, 'readRange' | 'lag'>;
  store: Pick<AuditStore, 'insert' | 'nextOffset'>;
  clock: Clock;
  logger: Logger;
}>;

// Entries are rare, and the topic keeps them for 30 days: a member of a group would fetch all the time.
const everyMs = 60_000;
const recordsAtOnce = 2_000;
// Commits nothing: its lag is the end of the topic.
const group = 'tidings-history-audit';

const decoded = (record: IncomingRecord, logger: Logger): readonly StoredAudit[] => {
  try {
    return [{ entry: decodeAudit(record), offset: Number(record.offset) }];
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    logger.error({ offset: String(record.offset), detail: error.detail }, 'audit.not-decoded');
    return [];
  }
};

/**
 * Copies the audit topic into the store: once a minute, and before an export of it. The store is its position, so
 * several instances and repeats change nothing.
 */
export class AuditReader {
  readonly #parts: AuditReaderParts;
  readonly #task: PeriodicTask;
  #next: number | null = null;
  #reading: Promise<void> | null = null;

  constructor(parts: AuditReaderParts) {
    this.#parts = parts;
    const run = async (): Promise<void> => {
      try {
        await this.readNew();
      } catch (error) {
        // Other code reports brokers and MongoDB; the next run reads the same records.
        parts.logger.debug({ detail: messageOf(error) }, 'audit.not-read');
      }
    };
    this.#task = new PeriodicTask({ clock: parts.clock, firstMs: everyMs, everyMs, run });
  }

  /** Stores everything that is in the topic now. */
  async readNew(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async close(): Promise<void> {
    await this.#task.close();
    await this.#reading?.catch(() => {});
  }

  async #read(): Promise<void> {
    const { bus, store, logger } = this.#parts;
    this.#next ??= await store.nextOffset();
    const ends = await bus.lag(group, [topics.audit]);
    const end = Number(ends.find(({ partition }) => partition === 0)?.highOffset ?? 0);
    while (this.#next < end) {
      const until = Math.min(end, this.#next + recordsAtOnce);
      const found: StoredAudit[] = [];
      await bus.readRange({
        topic: topics.audit,
        partitions: [0],
        from: { offsets: new Map([[0, BigInt(this.#next)]]) },
        until: new Map([[0, BigInt(until)]]),
        service: 'history-audit',
        onRecord: (record) => void found.push(...decoded(record, logger)),
      });
      if (found.length > 0) await store.insert(found);
      this.#next = until;
    }
  }
}
