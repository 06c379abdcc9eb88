import {
  type AttemptRecorded,
  type DeliveryRequested,
  decodeLiveHeld,
  decodeOrderingEntry,
  encodeAttempt,
  encodeLiveHeld,
  encodeOrderingEntry,
  isLiveHeldKey,
  type LiveHeld,
  liveHeldKey,
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

type Position = Readonly<{ partition: number; key: string; offset: bigint }>;

/** One record of the changelog: an entry, or (null) its tombstone. */
export type ChangelogRecord = Position &
  Readonly<{ value: Readonly<{ entry: OrderingEntry; command: DeliveryRequested }> | null }>;

/** A hold on live commands, or (null) its tombstone. */
export type HoldRecord = Position & Readonly<{ held: LiveHeld | null }>;

type Range = Readonly<{
  /** Maximum offsets of each partition; default: to the end. */
  length?: number;
  onHold?: (record: HoldRecord) => void;
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

  /** Writes a hold. Resolves when the brokers have it. */
  async putHold(partition: number, held: LiveHeld): Promise<void> {
    const { producer } = this.#dependencies;
    await producer.publish({ topic: topics.orderingChangelog, partition, ...encodeLiveHeld(held) });
  }

  /** Writes the tombstone of a hold. Unlike that of an entry it must not be lost: nothing shows later that it ended. */
  async removeHold(partition: number, held: Pick<LiveHeld, 'subscriptionId' | 'chain'>): Promise<void> {
    const { producer } = this.#dependencies;
    const key = liveHeldKey(held);
    await producer.publish({ topic: topics.orderingChangelog, partition, key, value: null });
  }

  /**
   * Reads every entry of the partitions, and the holds if they are wanted, from the given offsets (or the beginning) on.
   * Records that cannot be decoded are logged and skipped, so that they do not block their partition.
   */
  async read(
    offsets: ReadonlyMap<number, bigint>,
    onRecord: (record: ChangelogRecord) => void,
    { length, onHold }: Range = {},
  ): Promise<void> {
    const ends = length === undefined ? [] : [...offsets].map(([at, from]) => [at, from + BigInt(length)]);
    await this.#dependencies.bus.readRange({
      topic: topics.orderingChangelog,
      partitions: [...offsets.keys()],
      from: { offsets },
      ...(length === undefined ? {} : { until: new Map(ends as [number, bigint][]) }),
      onRecord: (record) => {
        const decoded = this.#decode(record);
        if (decoded === null) return;
        if ('held' in decoded) onHold?.(decoded);
        else onRecord(decoded);
      },
      service: 'delivery',
    });
  }

  #decode(record: IncomingRecord): ChangelogRecord | HoldRecord | null {
    const { partition, offset, key, value } = record;
    if (key === null) return null;
    const position = { partition, key, offset };
    try {
      if (isLiveHeldKey(key)) return { ...position, held: value === null ? null : decodeLiveHeld(record) };
      return { ...position, value: value === null ? null : decodeOrderingEntry(record) };
    } catch (error) {
      const fields = { partition, offset: String(offset), key, detail: messageOf(error) };
      this.#dependencies.logger.error(fields, 'ordering-changelog.unreadable');
      return null;
    }
  }
}
