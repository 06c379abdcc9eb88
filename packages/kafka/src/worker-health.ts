import type { Clock, HealthPart } from '@tidings/runtime';
import type { WorkerState } from './bus.ts';

/** A part of the service and what is wrong with it now; null when nothing is. */
export type Watched = Readonly<{ part: HealthPart; complaint: () => string | null }>;

/** What is wrong with a worker in this state; null when nothing is. */
export const complaintOf = (state: WorkerState): string | null =>
  state === 'running' ? null : `is ${state}`;

const lookEveryMs = 1_000;

/** Tells the health report about the workers, now and each second. Returns what stops it. */
export const watchWorkers = (watched: readonly Watched[], clock: Clock): (() => void) => {
  let cancel: () => void = () => {};
  const look = (): void => {
    for (const { part, complaint } of watched) {
      const reason = complaint();
      if (reason === null) part.up();
      else part.down(reason);
    }
    cancel = clock.setTimer(look, lookEveryMs);
  };
  look();
  return () => cancel();
};
