import {
  decodeOrderingEntry,
  encodeAttempt,
  encodeOrderingEntry,
  orderingEntryKey,
  topics,
} from '@tidings/contracts';
import { type Bus, type IncomingRecord, isClosed, type OutgoingRecord, type Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import type { QueueEntry } from '../domain/ordered-queue.ts';
import type { ChangelogRecord, OrderingChangelog } from '../ports.ts';

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

/**
 * Creates the ordering changelog over Kafka. Records that cannot be decoded are logged and skipped,
 * so that they do not block their partition.
 */
export const createOrderingChangelog = ({ bus, producer, logger }: Dependencies): OrderingChangelog => {
  const decode = (record: IncomingRecord): ChangelogRecord | null => {
    const { partition, offset, key, value } = record;
    if (key === null) return null;
    try {
      return { partition, key, offset, value: value === null ? null : decodeOrderingEntry(record) };
    } catch (error) {
      logger.error(
        { partition, offset: String(offset), key, detail: messageOf(error) },
        'ordering-changelog.unreadable',
      );
      return null;
    }
  };
  return {
    put: async (entry, body, attemptEvent) => {
      const { state, traceparent } = entry;
      const records: OutgoingRecord[] = [changelogRecord(entry, { state, body })];
      if (attemptEvent !== null)
        records.push({ topic: topics.attempts, ...encodeAttempt(attemptEvent, traceparent) });
      const [position] = await producer.publishAll(records);
      if (position === undefined) throw new TypeError(`no position for ${orderingEntryKey(state)}`);
      return position.offset;
    },
    remove: ({ queue: { partition }, state }) => {
      const key = orderingEntryKey(state);
      producer
        .publish({ topic: topics.orderingChangelog, partition, key, value: null })
        .catch((error: unknown) => {
          if (!isClosed(error))
            logger.error({ partition, key, detail: messageOf(error) }, 'ordering-changelog.not-removed');
        });
    },
    read: async (offsets, onRecord, length) => {
      const ends = length === undefined ? [] : [...offsets].map(([at, from]) => [at, from + BigInt(length)]);
      await bus.readRange({
        topic: topics.orderingChangelog,
        partitions: [...offsets.keys()],
        from: { offsets },
        ...(length === undefined ? {} : { until: new Map(ends as [number, bigint][]) }),
        onRecord: (record) => {
          const decoded = decode(record);
          if (decoded !== null) onRecord(decoded);
        },
        service: 'delivery',
      });
    },
  };
};
