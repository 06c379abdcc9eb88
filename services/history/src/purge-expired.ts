import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, runPeriodically } from '@tidings/runtime';

/** What the sweep needs. `name`: of what is swept, in log lines. */
export type PurgeOptions = Readonly<{
  name: string;
  store: Readonly<{ purge(beforeMs: number, limit: number): Promise<number> }>;
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

/** Removes all that is older than the retention; answers how much that was. */
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

/** Sweeps a minute from now and then at each interval. Returns what stops it. */
export const sweepExpired = (options: PurgeOptions): (() => void) => {
  const { name, intervalMs, clock, logger, onPurged } = options;
  const sweep = async (): Promise<void> => {
    try {
      const removed = await purge(options);
      onPurged(removed);
      if (removed > 0) logger.info({ removed }, `${name}.purged`);
    } catch (error) {
      // The next sweep finds the same ones again.
      logger.warn({ detail: messageOf(error) }, `${name}.not-purged`);
    }
  };
  return runPeriodically({
    clock,
    firstMs: Math.min(firstSweepMs, intervalMs),
    everyMs: intervalMs,
    task: sweep,
  });
};
