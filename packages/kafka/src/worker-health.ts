import type { Clock, HealthPart } from '@tidings/runtime';
import type { WorkerState } from './bus.ts';

/** A part of the service and what is wrong with it now; null when nothing is. */
export type WatchedPart = Readonly<{ part: HealthPart; problem: () => string | null }>;

/** What is wrong with a worker in this state; null when nothing is. */
export const problemOf = (state: WorkerState): string | null => (state === 'running' ? null : `is ${state}`);

const checkEveryMs = 1_000;

/** Tells the health report about the workers, now and each second. Returns what stops it. */
export const watchWorkers = (watched: readonly WatchedPart[], clock: Clock): (() => void) => {
  let cancel: () => void = () => {};
  const check = (): void => {
    for (const { part, problem } of watched) {
      const reason = problem();
      if (reason === null) part.up();
      else part.down(reason);
    }
    cancel = clock.setTimer(check, checkEveryMs);
  };
  check();
  return () => cancel();
};
