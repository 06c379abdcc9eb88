import type { WorkerState } from '@tidings/kafka';
import type { Clock, HealthPart } from '@tidings/runtime';

/** A part of the service by its name, its place in the health report and a look at it: null when all is well. */
export type Watched = Readonly<{ part: HealthPart; complaint: () => string | null }>;

const everyMs = 1_000;

/** What is wrong with a worker in this state. */
export const complaintOf = (state: WorkerState): string | null =>
  state === 'running' ? null : `is ${state}`;

/** Looks at every part each second and tells the health report. Returns the function that stops it. */
export const watchHealth = (watched: readonly Watched[], clock: Clock): (() => void) => {
  let cancel: () => void = () => {};
  const look = () => {
    for (const { part, complaint } of watched) {
      const reason = complaint();
      if (reason === null) part.up();
      else part.down(reason);
    }
    cancel = clock.setTimer(look, everyMs);
  };
  look();
  return () => cancel();
};
