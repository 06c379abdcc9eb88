import { DedupeWindow, fingerprintOf, type WindowBounds } from './domain/dedupe-window.ts';
import type { EventLog, LoggedEvent } from './ports.ts';

/** The part of a partition that was worked already: from the first record that is left to before the committed offset. */
export type Worked = Readonly<{ partition: number; lowOffset: bigint; committedOffset: bigint }>;

/** Puts an event into the window; what the window says of it is of no interest while refilling. */
const remember = (window: DedupeWindow, { event, offset, timestampMs }: LoggedEvent): void => {
  window.see({ id: event.id, offset, timestampMs, fingerprint: fingerprintOf(event) });
};

const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b);

// Not every offset is a record: a foreign transactional producer's markers take offsets too.
const sample = 10n;

/**
 * The window of a freshly assigned partition, from the log itself and never past the committed offset: what lies behind
 * that is about to be worked, and is no repeat of itself. How far back it reads is counted from the last record that was
 * worked, not from now, so that a service that was off for hours still drops the repeats of what it did last.
 */
export const refillDedupeWindow = async (
  log: EventLog,
  bounds: WindowBounds,
  { partition, lowOffset, committedOffset }: Worked,
): Promise<DedupeWindow> => {
  const window = new DedupeWindow(bounds);
  if (committedOffset <= lowOffset) return window;
  const untilOffset = committedOffset;
  const oldest = greater(lowOffset, committedOffset - BigInt(bounds.maxRecords));
  const newestFrom = greater(oldest, committedOffset - sample);
  const newestMs = await log.timeWithin({ partition, fromOffset: newestFrom, untilOffset });
  const oldestMs = await log.timeWithin({ partition, fromOffset: oldest, untilOffset: oldest + sample });
  const fromMs = (newestMs ?? 0) - bounds.windowMs;
  // More records than are remembered lie within the time, or the log does not go back so far.
  const isAllRecent = newestMs === undefined || (oldestMs !== undefined && oldestMs >= fromMs);
  const from = isAllRecent ? { offset: oldest } : { timestampMs: fromMs };
  await log.read({ partition, from, untilOffset }, (event) => remember(window, event));
  return window;
};
