import type { Logger, Metrics } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import { type DedupeWindow, ofIdAlone, type WindowBounds } from './domain/dedupe-window.ts';
import { DedupeWindows, type WindowsBounds } from './domain/dedupe-windows.ts';
import type { metricsCatalogue } from './metrics.ts';
import type { EventLog, ReceivedIds } from './ports.ts';

/** The processed part of a partition: from the first remaining record to before the committed offset. */
export type Worked = Readonly<{ partition: number; lowOffset: bigint; committedOffset: bigint }>;

const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b);

// Not every offset is a record: transaction markers of foreign producers have offsets too.
const sample = 10n;

/**
 * Restores the window of a newly assigned partition from the log, up to the committed offset: later records are
 * yet to be processed and must not count as repeats of themselves. The time range is counted from the last
 * processed record, not from now, so that a service that was off for hours still drops repeats of its last events.
 */
export const refillPublished = async (
  log: EventLog,
  { windows, bounds }: Readonly<{ windows: DedupeWindows; bounds: WindowBounds }>,
  { partition, lowOffset, committedOffset }: Worked,
): Promise<void> => {
  if (committedOffset <= lowOffset) return;
  const untilOffset = committedOffset;
  const oldest = greater(lowOffset, committedOffset - BigInt(bounds.maxRecords));
  const newestFrom = greater(oldest, committedOffset - sample);
  const newestMs = await log.timeWithin({ partition, fromOffset: newestFrom, untilOffset });
  const oldestMs = await log.timeWithin({ partition, fromOffset: oldest, untilOffset: oldest + sample });
  const fromMs = (newestMs ?? 0) - bounds.windowMs;
  // More records than the maximum lie within the time, or the log does not reach back that far.
  const isAllRecent = newestMs === undefined || (oldestMs !== undefined && oldestMs >= fromMs);
  const from = isAllRecent ? { offset: oldest } : { timestampMs: fromMs };
  await log.read({ partition, from, untilOffset }, (logged) => {
    // Those of sources have a window and a topic of their own.
    if (logged.event.received === undefined) windows.see(logged);
  });
};

/** Restores the window of events of sources from their ids, of which the topic has those of the last days. */
const refillReceived = async (
  ids: ReceivedIds,
  { window, bounds }: Readonly<{ window: DedupeWindow; bounds: WindowBounds }>,
  partition: number,
): Promise<void> =>
  ids.readNewest(partition, bounds.maxRecords, ({ eventId, offset, atMs }) => {
    window.see({ id: eventId, offset, timestampMs: atMs, fingerprint: ofIdAlone });
  });

type RefillParts = Readonly<{
  log: EventLog;
  ids: ReceivedIds;
  bounds: WindowsBounds;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'refillSeconds'>;
  clock: Clock;
  logger: Logger;
}>;

/** Creates the refill of newly assigned partitions: measures each and writes its log line. */
export const createWindowRefill =
  ({ log, ids, bounds, metrics, clock, logger }: RefillParts) =>
  async (assignment: Worked): Promise<DedupeWindows> => {
    const beganMs = clock.monotonicMs();
    const windows = new DedupeWindows(bounds);
    await Promise.all([
      refillPublished(log, { windows, bounds: bounds.published }, assignment),
      refillReceived(ids, { window: windows.received, bounds: bounds.received }, assignment.partition),
    ]);
    const tookMs = clock.monotonicMs() - beganMs;
    metrics.refillSeconds.observe({}, tookMs / 1_000);
    const { partition } = assignment;
    logger.info(
      { partition, remembered: windows.size, tookMs: Math.round(tookMs) },
      'dedupe-window.refilled',
    );
    return windows;
  };
