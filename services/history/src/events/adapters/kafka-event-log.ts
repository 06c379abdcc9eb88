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

/**
 * Reads the data of events from the log. What `hasExpired` says true of is not read: the log may keep data for longer than
 * the retention of its workspace.
 */
export const createEventLog = (
  bus: Pick<Bus, 'readRecords'>,
  hasExpired: (event: Pick<StoredEvent, 'workspaceId' | 'acceptedAtMs'>) => boolean,
): EventLog => {
  const readAll = async (events: readonly StoredEvent[]): Promise<readonly (EventAccepted | null)[]> => {
    const kept = events.filter((event) => event.isErased !== true && !hasExpired(event));
    const records = await bus.readRecords({
      topic: topics.events,
      positions: kept.map(({ position: { partition, offset } }) => ({ partition, offset: BigInt(offset) })),
    });
    const found = new Map(kept.map((event, at) => [event, eventIn(event, records[at] ?? null)]));
    return events.map((event) => found.get(event) ?? null);
  };
  return {
    read: async (event) => (await readAll([event]))[0] ?? null,
    readData: async (events) => (await readAll(events)).map((event) => event?.data ?? null),
  };
};

// A topic that was created again has other events at the same offsets, perhaps of another workspace.
function eventIn({ id, workspaceId }: StoredEvent, record: IncomingRecord | null): EventAccepted | null {
  const event = record === null ? null : decoded(record);
  return event?.id === id && event.workspaceId === workspaceId ? event : null;
}

function decoded(record: IncomingRecord): EventAccepted | null {
  try {
    return decodeEvent(record);
  } catch {
    // DecodeError: a record of a foreign producer that is no event.
    return null;
  }
}
