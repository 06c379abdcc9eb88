import { decodeHold, encodeAttempt, encodeHold, holdKey, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord, OutgoingRecord, Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { AppError, messageOf } from '@tidings/runtime';
import type { Member } from '../domain/ordered-queue.ts';
import type { HoldRecord, Holds } from '../ports.ts';

type Dependencies = Readonly<{ bus: Pick<Bus, 'readTail'>; producer: Producer; logger: Logger }>;

/** The record of a member as it is now. */
export const entryRecord = (
  { line, sequence, traceparent }: Member,
  { state, body }: Readonly<{ state: Member['state']; body: Buffer }>,
): OutgoingRecord => ({
  topic: topics.holds,
  partition: line.partition,
  ...encodeHold({ type: 'DeliveryHeld.v1', sequence }, { state, body, traceparent }),
});

const isClosed = (error: unknown): boolean => error instanceof AppError && error.code === 'closed';

/** The changelog in Kafka. A record that does not decode is skipped and reported: it must not block its partition. */
export const createKafkaHolds = ({ bus, producer, logger }: Dependencies): Holds => {
  const decode = (record: IncomingRecord): HoldRecord | null => {
    const { partition, offset, key, value } = record;
    if (key === null) return null;
    try {
      return { partition, key, offset, entry: value === null ? null : decodeHold(record) };
    } catch (error) {
      logger.error({ partition, offset: String(offset), key, detail: messageOf(error) }, 'hold.unreadable');
      return null;
    }
  };
  return {
    put: async (member, body, fact) => {
      const { state, traceparent } = member;
      const records: OutgoingRecord[] = [entryRecord(member, { state, body })];
      if (fact !== null) records.push({ topic: topics.attempts, ...encodeAttempt(fact, traceparent) });
      const [position] = await producer.publishAll(records);
      if (position === undefined) throw new TypeError(`no position for ${holdKey(state)}`);
      return position.offset;
    },
    remove: ({ line: { partition }, state }) => {
      const key = holdKey(state);
      producer.publish({ topic: topics.holds, partition, key, value: null }).catch((error: unknown) => {
        if (!isClosed(error)) logger.error({ partition, key, detail: messageOf(error) }, 'hold.not-removed');
      });
    },
    read: async (offsets, onRecord, length) => {
      const ends = length === undefined ? [] : [...offsets].map(([at, from]) => [at, from + BigInt(length)]);
      await bus.readTail({
        topic: topics.holds,
        partitions: [...offsets.keys()],
        from: { offsets },
        ...(length === undefined ? {} : { until: new Map(ends as [number, bigint][]) }),
        onRecord: (record) => {
          const hold = decode(record);
          if (hold !== null) onRecord(hold);
        },
        service: 'delivery',
      });
    },
  };
};
