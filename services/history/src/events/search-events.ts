import type { Clock } from '@tidings/runtime';
import type { StoredEvent } from './domain/event.ts';
import { positionOf } from './list-events.ts';
import type { EventFilters, EventLog, EventPage, EventPosition, EventStore } from './ports.ts';

/** Dependencies of a search. */
export type SearchParts = Readonly<{
  store: Pick<EventStore, 'step'>;
  log: EventLog;
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}>;

/**
 * The result of one search. `scannedToMs`: all matching events accepted after that time are in this page or in those
 * before it. `next`: the position after which the next request continues; null if nothing is left.
 */
export type SearchResult = Readonly<{
  events: readonly StoredEvent[];
  next: EventPosition | null;
  scannedToMs: number;
}>;

/** Limits of one request; each ends it with a position from which the next one continues. */
const searchLimits = {
  events: 100_000,
  spanMs: 24 * 3_600_000,
  durationMs: 10_000,
} as const;

// One read of the log: enough neighbours to make fetches worthwhile, and a bound on memory.
const chunkEvents = 500;
const chunkBytes = 16 * 1024 * 1024;

/** Returns the first events of a list that together have at most 16 MiB, at least one. */
const fittingIn = (events: readonly StoredEvent[]): readonly StoredEvent[] => {
  let bytes = 0;
  const end = events.findIndex(({ sizeBytes, dataSha256 }, at) => {
    bytes += dataSha256 === undefined ? sizeBytes : 0;
    return at > 0 && bytes > chunkBytes;
  });
  return end < 0 ? events : events.slice(0, end);
};

/**
 * Lists the matching events whose data contains a text, newest first: reads the data of one chunk after the other from
 * the log until the page is full or a limit is reached. Events whose data has expired do not match.
 */
export const searchEvents = async (
  { store, log, clock }: SearchParts,
  filters: EventFilters,
  { text, limit, after }: EventPage & Readonly<{ text: string }>,
): Promise<SearchResult> => {
  const needle = Buffer.from(text);
  const endAtMs = clock.monotonicMs() + searchLimits.durationMs;
  const startMs = Math.min(
    after?.acceptedAtMs ?? Infinity,
    filters.acceptedBeforeMs ?? Infinity,
    clock.nowMs(),
  );
  const floorMs = Math.max(startMs - searchLimits.spanMs, filters.acceptedAfterMs ?? 0, 0);
  const within = { ...filters, acceptedAfterMs: floorMs };
  const events: StoredEvent[] = [];
  let position = after;
  let scanned = 0;
  while (scanned < searchLimits.events && clock.monotonicMs() < endAtMs) {
    const { found, reached } = await store.step(within, { limit: chunkEvents, after: position });
    const chunk = fittingIn(found);
    const data = await log.readData(chunk);
    for (const [at, event] of chunk.entries()) {
      position = positionOf(event);
      scanned += 1;
      if (data[at]?.includes(needle) !== true) continue;
      events.push(event);
      if (events.length === limit) return { events, next: position, scannedToMs: event.acceptedAtMs };
    }
    if (chunk.length < found.length) continue;
    if (reached !== null) {
      position = reached;
      continue;
    }
    // Nothing is left in the span. The next request begins with the events of its last millisecond.
    const rest = { acceptedAtMs: floorMs + 1, id: '' };
    const older = await store.step(filters, { limit: 1, after: rest });
    const isEnd = older.found.length === 0 && older.reached === null;
    return { events, next: isEnd ? null : rest, scannedToMs: floorMs };
  }
  return { events, next: position, scannedToMs: position?.acceptedAtMs ?? startMs };
};
