import { decodeEvent, type EventAccepted, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import { type StoredEvent, storedEventOf } from '../domain/event.ts';
import type { EventLog } from '../ports.ts';

/** Decodes a record of the events topic; null if it is no event: fanout dead-letters it. */
export const decodeStoredEvent = (record: IncomingRecord): StoredEvent | null => {
  const event = decoded(record);
  return event === null
    ? null
    : storedEventOf(event, {
        position: { partition: record.partition, offset: Number(record.offset) },
        // The time that commands and attempts have too.
        acceptedAtMs: Math.max(0, record.timestampMs),
      });
};

/** Reads the data of events from the log. */
export const createEventLog = (bus: Pick<Bus, 'readRecords'>): EventLog => ({
  readData: async (events) => {
    const records = await bus.readRecords({
      topic: topics.events,
      positions: events.map(({ position: { partition, offset } }) => ({ partition, offset: BigInt(offset) })),
    });
    return events.map((event, at) => dataOf(event, records[at] ?? null));
  },
});

// A topic that was created again has other events at the same offsets, perhaps of another workspace.
function dataOf({ id, workspaceId }: StoredEvent, record: IncomingRecord | null): Buffer | null {
  const event = record === null ? null : decoded(record);
  return event?.id === id && event.workspaceId === workspaceId ? event.data : null;
}

function decoded(record: IncomingRecord): EventAccepted | null {
  try {
    return decodeEvent(record);
  } catch {
    // DecodeError: a record of a foreign producer that is no event.
    return null;
  }
}
