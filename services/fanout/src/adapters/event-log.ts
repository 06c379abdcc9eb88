import { DecodeError, decodeEvent, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import type { EventLog, LoggedEvent } from '../ports.ts';

/** A record of the events topic as the handler takes it. Throws DecodeError. */
export const toLoggedEvent = (record: IncomingRecord): LoggedEvent => ({
  event: decodeEvent(record),
  offset: Number(record.offset),
  timestampMs: record.timestampMs,
});

const decodable = (record: IncomingRecord): LoggedEvent | undefined => {
  try {
    return toLoggedEvent(record);
  } catch (error) {
    // Poison was set aside when it was worked; here it is only passed by.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
};

/** The events topic, read by a throw-away consumer. */
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
