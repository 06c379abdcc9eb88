import {
  type AttemptRecorded,
  type DeliveryRequested,
  decodeOrderingEntry,
  encodeAttempt,
  encodeOrderingEntry,
  type OrderingEntry,
  orderingEntryKey,
  topics,
} from '@tidings/contracts';
import { type Bus, type IncomingRecord, isClosed, type OutgoingRecord, type Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import type { QueueEntry } from '../domain/ordered-queues.ts';

type Dependencies = Readonly<{ bus: Pick<Bus, 'readRange'>; producer: Producer; logger: Logger }>;

/** Encodes the current state of an entry. */
export const changelogRecord = (
  { queue, sequence, traceparent }: QueueEntry,
  { state, body }: Readonly<{ state: QueueEntry['state']; body: Buffer }>,
): OutgoingRecord => ({
  topic: topics.orderingChangelog,
  partition: queue.partition,
  ...encodeOrderingEntry({ type: 'DeliveryHeld.v1', sequence }, { state, body, traceparent }),
});

/** One record of the changelog: an entry, or (null) its tombstone. */
export type ChangelogRecord = Readonly<{
  partition: number;
  key: string;
  offset: bigint;
  value: Readonly<{ entry: OrderingEntry; command: DeliveryRequested }> | null;
}>;

/**
 * The ordering changelog, from which `QueueRestorer` restores the ordered queues after a restart. Writes to one partition
 * keep the order of the calls.
 */
export class OrderingChangelog {
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Writes the current state of an entry, and an attempt event that announces its
   * wait, if given. Resolves with its offset.
   */
  async put(entry: QueueEntry, body: Buffer, attemptEvent: AttemptRecorded | null): Promise<bigint> {
    const { state, traceparent } = entry;
    const records: OutgoingRecord[] = [changelogRecord(entry, { state, body })];
    if (attemptEvent !== null)
      records.push({ topic: topics.attempts, ...encodeAttempt(attemptEvent, traceparent) });
    const [position] = await this.#dependencies.producer.publishAll(records);
    if (position === undefined) throw new TypeError(`no position for ${orderingEntryKey(state)}`);
    return position.offset;
  }

  /** Writes the tombstone of an entry. Never rejects: an entry that remains is recognised when it is restored. */
  remove({ queue: { partition }, state }: QueueEntry): void {
    const { producer, logger } = this.#dependencies;
    const key = orderingEntryKey(state);
    producer
      .publish({ topic: topics.orderingChangelog, partition, key, value: null })
      .catch((error: unknown) => {
        if (!isClosed(error))
          logger.error({ partition, key, detail: messageOf(error) }, 'ordering-changelog.not-removed');
      });
  }

  /**
   * Reads every record of the partitions, from the given offsets (or the beginning) to the end or up to `length`
   * offsets. Records that cannot be decoded are logged and skipped, so that they do not block their partition.
   */
  async read(
    offsets: ReadonlyMap<number, bigint>,
    onRecord: (record: ChangelogRecord) => void,
    length?: number,
  ): Promise<void> {
    const ends = length === undefined ? [] : [...offsets].map(([at, from]) => [at, from + BigInt(length)]);
    await this.#dependencies.bus.readRange({
      topic: topics.orderingChangelog,
      partitions: [...offsets.keys()],
      from: { offsets },
      ...(length === undefined ? {} : { until: new Map(ends as [number, bigint][]) }),
      onRecord: (record) => {
        const decoded = this.#decode(record);
        if (decoded !== null) onRecord(decoded);
      },
      service: 'delivery',
    });
  }

  #decode(record: IncomingRecord): ChangelogRecord | null {
    const { partition, offset, key, value } = record;
    if (key === null) return null;
    try {
      return { partition, key, offset, value: value === null ? null : decodeOrderingEntry(record) };
    } catch (error) {
      const fields = { partition, offset: String(offset), key, detail: messageOf(error) };
      this.#dependencies.logger.error(fields, 'ordering-changelog.unreadable');
      return null;
    }
  }
}
