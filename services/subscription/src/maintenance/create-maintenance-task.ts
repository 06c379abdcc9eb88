import type { HistogramHandle, Logger } from '@tidings/observability';
import { type Clock, type HealthPart, messageOf, PeriodicTask } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';

// A failed run is retried sooner than `everyMs`, because its work is still pending.
const retryMs = 5_000;

/** Knowledge of a run. `areTopicsRead`: the topic versions are complete. */
export type TaskState = Readonly<{ areTopicsRead: boolean }>;

/**
 * A task of maintenance. `everyMs` is the pause between the end of a run and the start of the next. `needsTopics`: it runs
 * again once the topics have been read.
 */
export type MaintenanceTask = Readonly<{
  name: string;
  everyMs: number;
  needsTopics?: boolean;
  run(state: TaskState): Promise<unknown>;
}>;

/** A task without what decides when it starts. */
export type RepeatedTask = Readonly<{ name: string; everyMs: number; run(): Promise<unknown> }>;

/** Dependencies of a maintenance task. */
export type MaintenanceTaskParts = Readonly<{
  clock: Clock;
  logger: Logger;
  health: HealthPart;
  seconds: HistogramHandle<(typeof metricsCatalogue)['maintenance']>;
}>;

/**
 * Creates the periodic task, which starts with its first `wake`. Only the first failure of a series is logged, and the
 * next success: while the database is unavailable every run fails, and one log line is enough.
 */
export function createMaintenanceTask(
  { name: work, everyMs, run }: RepeatedTask,
  { clock, logger, health, seconds }: MaintenanceTaskParts,
): PeriodicTask {
  let isFailing = false;
  const runOnce = async (): Promise<'ok' | 'failed'> => {
    try {
      await run();
      if (isFailing) logger.info({ work }, 'maintenance.recovered');
      isFailing = false;
      return 'ok';
    } catch (error) {
      if (!isFailing) logger.warn({ work, detail: messageOf(error) }, 'maintenance.failed');
      isFailing = true;
      return 'failed';
    }
  };
  health.up();
  return new PeriodicTask({
    clock,
    firstMs: null,
    everyMs: () => (isFailing ? Math.min(retryMs, everyMs) : everyMs),
    run: async () => {
      const beganMs = clock.monotonicMs();
      const outcome = await runOnce();
      seconds.observe({ work, outcome }, (clock.monotonicMs() - beganMs) / 1_000);
      health.progress();
    },
  });
}
