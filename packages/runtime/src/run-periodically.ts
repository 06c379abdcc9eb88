import type { Clock } from './clock.ts';

/**
 * What is done again and again. `firstMs` is the wait before the first turn (0: it begins at once), `everyMs` the pause
 * between the end of a turn and the next, both in milliseconds.
 */
export type PeriodicTask = Readonly<{
  clock: Clock;
  firstMs: number;
  everyMs: number;
  /** Must not reject: what failed is its own to tell. `isStopped`: nobody waits for what it finds any more. */
  task: (isStopped: () => boolean) => Promise<void>;
}>;

/** Does turns until the answer is called. One that is under way then is not waited for. */
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
