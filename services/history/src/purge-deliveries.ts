import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { DeliveryStore } from './ports.ts';

/** What the sweep needs. */
export type PurgeOptions = Readonly<{
  store: Pick<DeliveryStore, 'purge'>;
  retentionMs: number;
  intervalMs: number;
  clock: Clock;
  logger: Logger;
  onPurged: (count: number) => void;
}>;

// Small enough that a sweep does not hold up the projection.
const chunk = 500;
// By then the database is found; and a service that is restarted often still sweeps.
const firstSweepMs = 60_000;

/** Removes every delivery whose event was accepted longer than the retention ago; answers how many. */
const purgeDeliveries = async ({
  store,
  retentionMs,
  clock,
}: Pick<PurgeOptions, 'store' | 'retentionMs' | 'clock'>): Promise<number> => {
  const beforeMs = clock.nowMs() - retentionMs;
  let removed = 0;
  for (;;) {
    const count = await store.purge(beforeMs, chunk);
    removed += count;
    if (count < chunk) return removed;
  }
};

/** Sweeps a minute from now and then at each interval. Returns what stops it. */
export const sweepDeliveries = (options: PurgeOptions): (() => void) => {
  const { intervalMs, clock, logger, onPurged } = options;
  let isStopped = false;
  let cancel: () => void = () => {};
  const sweep = async (): Promise<void> => {
    try {
      const removed = await purgeDeliveries(options);
      onPurged(removed);
      if (removed > 0) logger.info({ removed }, 'deliveries.purged');
    } catch (error) {
      // The next sweep finds the same ones again.
      logger.warn({ detail: messageOf(error) }, 'deliveries.not-purged');
    }
    if (!isStopped) cancel = clock.setTimer(() => void sweep(), intervalMs);
  };
  cancel = clock.setTimer(() => void sweep(), Math.min(firstSweepMs, intervalMs));
  return () => {
    isStopped = true;
    cancel();
  };
};
