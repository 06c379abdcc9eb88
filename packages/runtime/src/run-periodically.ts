import type { Clock } from './clock.ts';

/**
 * A task that runs periodically. `firstMs` is the delay before the first run (0: it starts at once), `everyMs` the
 * pause between the end of a run and the next, both in milliseconds.
 */
export type PeriodicTask = Readonly<{
  clock: Clock;
  firstMs: number;
  everyMs: number;
  /** Runs once. Must not reject: it reports its own failures. `isStopped`: its result is no longer needed. */
  task: (isStopped: () => boolean) => Promise<void>;
}>;

/** Runs `task` periodically until the returned function is called; a run in progress is not awaited. */
export function runPeriodically({ clock, firstMs, everyMs, task }: PeriodicTask): () => void {
  let isStopped = false;
  let cancel: () => void = () => {};
  const run = async (): Promise<void> => {
    await task(() => isStopped);
    arm(everyMs);
  };
  const arm = (waitMs: number): void => {
    if (!isStopped) cancel = clock.setTimer(() => void run(), waitMs);
  };
  if (firstMs === 0) void run();
  else arm(firstMs);
  return () => {
    isStopped = true;
    cancel();
  };
}
