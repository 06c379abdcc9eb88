import { DecodeError, decodeEvent, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import type { EventLog, LoggedEvent } from '../ports.ts';

/** Decodes a record of the events topic. Throws DecodeError. */
export const toLoggedEvent = (record: IncomingRecord): LoggedEvent => ({
  event: decodeEvent(record),
  offset: Number(record.offset),
  timestampMs: record.timestampMs,
});

const decodable = (record: IncomingRecord): LoggedEvent | undefined => {
  try {
    return toLoggedEvent(record);
  } catch (error) {
    // Records that cannot be decoded were dead-lettered when they were processed; here they are skipped.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
};

/** Creates a reader of the events topic that uses a temporary consumer. */
export const createEventLog = (bus: Pick<Bus, 'readRange'>): EventLog => {
  const topic = { topic: topics.events, service: 'fanout' };
  return {
    read: async ({ partition, from, untilOffset }, onEvent) => {
      await bus.readRange({
        ...topic,
        partitions: [partition],
        from: 'offset' in from ? { offsets: new Map([[partition, from.offset]]) } : from,
        until: new Map([[partition, untilOffset]]),
        onRecord: (record) => {
          const event = decodable(record);
          if (event !== undefined) onEvent(event);
        },
      });
    },
    timeWithin: async ({ partition, fromOffset, untilOffset }) => {
      let newestMs: number | undefined;
      await bus.readRange({
        ...topic,
        partitions: [partition],
        from: { offsets: new Map([[partition, fromOffset]]) },
        until: new Map([[partition, untilOffset]]),
        onRecord: ({ timestampMs }) => {
          newestMs = Math.max(newestMs ?? 0, timestampMs);
        },
      });
      return newestMs;
    },
  };
};
