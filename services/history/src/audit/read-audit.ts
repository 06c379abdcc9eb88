import { consumerGroups, DecodeError, decodeAudit, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, PeriodicTask } from '@tidings/runtime';
import type { AuditStore, StoredAudit } from './ports.ts';

/** The dependencies of the reader. */
export type AuditReaderParts = Readonly<{
  bus: Pick<Bus, 'readRecords' | 'lag' | 'ends'>;
  store: Pick<AuditStore, 'insert' | 'nextOffset'>;
  clock: Clock;
  logger: Logger;
}>;

// Entries are rare, and the topic keeps them for 30 days: a member of a group would fetch all the time.
const everyMs = 60_000;
const recordsAtOnce = 2_000;
// Commits nothing: its lag is the whole topic.
const group = `${consumerGroups.history}-audit`;

const positionAt = (offset: number) => ({ partition: 0, offset: BigInt(offset) });

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

  /** Returns the first offset of the log, if it is behind `offset`; else this. */
  async #firstFrom(offset: number): Promise<number> {
    const ends = await this.#parts.bus.ends([topics.audit]);
    return Math.max(offset, Number(ends.find(({ partition }) => partition === 0)?.lowOffset ?? 0));
  }

  async #read(): Promise<void> {
    const { bus, store, logger } = this.#parts;
    const stored = this.#next ?? (await store.nextOffset());
    const ends = await bus.lag(group, [topics.audit]);
    const range = ends.find(({ partition }) => partition === 0);
    const end = Number(range?.highOffset ?? 0);
    // The offset of a group that commits nothing is the first one of the log.
    let next = Math.max(stored, Number(range?.committedOffset ?? 0));
    while (next < end) {
      const from = next;
      const count = Math.min(end - from, recordsAtOnce);
      const positions = Array.from({ length: count }, (_, at) => positionAt(from + at));
      const records = await bus.readRecords({ topic: topics.audit, positions });
      const found = records.flatMap((record) => (record === null ? [] : decoded(record, logger)));
      if (found.length > 0) await store.insert(found);
      // What is missing behind the last that came may be there later, for instance after a change of the leader.
      next = from + records.findLastIndex((record) => record !== null) + 1;
      if (next === from) next = await this.#firstFrom(from);
      this.#next = next;
      if (next === from) return;
    }
  }
}
