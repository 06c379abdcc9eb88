import { type Clock, type HealthPart, runPeriodically, untilNextMultiple } from '@tidings/runtime';
import type { WorkerState } from './bus.ts';

/** A part of the service, and its current problem; null if there is none. */
export type WatchedPart = Readonly<{ part: HealthPart; problem: () => string | null }>;

/** Returns the problem of a worker in this state; null if there is none. */
export const problemOf = (state: WorkerState): string | null => (state === 'running' ? null : `is ${state}`);

const checkEveryMs = 1_000;

/** Updates the health report with the state of the workers, now and each second. Returns a function that stops it. */
export const watchWorkers = (watched: readonly WatchedPart[], clock: Clock): (() => void) => {
  const check = (): void => {
    for (const { part, problem } of watched) {
      const reason = problem();
      if (reason === null) part.up();
      else part.down(reason);
    }
  };
  const everyMs = (): number => untilNextMultiple(checkEveryMs, clock);
  return runPeriodically({ clock, firstMs: 0, everyMs, run: check });
};
