import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, runPeriodically } from '@tidings/runtime';

/** Options of the purge. `name` is the kind of purged data, for log events. */
export type PurgeOptions = Readonly<{
  name: string;
  store: Readonly<{ purge(beforeMs: number, limit: number): Promise<number> }>;
  retentionMs: number;
  intervalMs: number;
  clock: Clock;
  logger: Logger;
  onPurged: (count: number) => void;
}>;

// Small enough that a purge does not delay the projection.
const chunk = 500;
// By then MongoDB is connected, and a service that restarts often still purges.
const firstRunMs = 60_000;

/** Removes everything older than the retention; returns the number of removals. */
const purge = async ({
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

/** Purges after one minute and then at each interval. Returns a function that stops it. */
export const purgeExpired = (options: PurgeOptions): (() => void) => {
  const { name, intervalMs, clock, logger, onPurged } = options;
  const run = async (): Promise<void> => {
    try {
      const removed = await purge(options);
      onPurged(removed);
      if (removed > 0) logger.info({ removed }, `${name}.purged`);
    } catch (error) {
      // The next purge finds the same ones again.
      logger.warn({ detail: messageOf(error) }, `${name}.not-purged`);
    }
  };
  return runPeriodically({
    clock,
    firstMs: Math.min(firstRunMs, intervalMs),
    everyMs: intervalMs,
    run,
  });
};
