import type { Logger, Metrics } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import { DedupeWindow, fingerprintOf, type WindowBounds } from './domain/dedupe-window.ts';
import type { metricsCatalogue } from './metrics.ts';
import type { EventLog, LoggedEvent } from './ports.ts';

/** The processed part of a partition: from the first remaining record to before the committed offset. */
export type Worked = Readonly<{ partition: number; lowOffset: bigint; committedOffset: bigint }>;

/** Adds an event to the window; the result does not matter while refilling. */
const remember = (window: DedupeWindow, { event, offset, timestampMs }: LoggedEvent): void => {
  window.see({ id: event.id, offset, timestampMs, fingerprint: fingerprintOf(event) });
};

const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b);

// Not every offset is a record: transaction markers of foreign producers have offsets too.
const sample = 10n;

/**
 * Restores the window of a newly assigned partition from the log, up to the committed offset: later records are
 * yet to be processed and must not count as repeats of themselves. The time range is counted from the last
 * processed record, not from now, so that a service that was off for hours still drops repeats of its last events.
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
  // More records than the maximum lie within the time, or the log does not reach back that far.
  const isAllRecent = newestMs === undefined || (oldestMs !== undefined && oldestMs >= fromMs);
  const from = isAllRecent ? { offset: oldest } : { timestampMs: fromMs };
  await log.read({ partition, from, untilOffset }, (event) => remember(window, event));
  return window;
};

type RefillParts = Readonly<{
  log: EventLog;
  bounds: WindowBounds;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'refillSeconds'>;
  clock: Clock;
  logger: Logger;
}>;

/** Creates the refill of newly assigned partitions: measures each and writes its log line. */
export const createWindowRefill =
  ({ log, bounds, metrics, clock, logger }: RefillParts) =>
  async (assignment: Worked): Promise<DedupeWindow> => {
    const beganMs = clock.monotonicMs();
    const window = await refillDedupeWindow(log, bounds, assignment);
    const tookMs = clock.monotonicMs() - beganMs;
    metrics.refillSeconds.observe({}, tookMs / 1_000);
    const { partition } = assignment;
    logger.info({ partition, remembered: window.size, tookMs: Math.round(tookMs) }, 'dedupe-window.refilled');
    return window;
  };
