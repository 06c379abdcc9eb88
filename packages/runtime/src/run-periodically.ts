import type { Clock } from './clock.ts';

/**
 * What is done again and again. `firstMs` is the wait before the first turn (0: it begins at once), `everyMs` the pause
 * between the end of a turn and the next, both in milliseconds.
 */
export type Turns = Readonly<{
  clock: Clock;
  firstMs: number;
  everyMs: number;
  /** Must not reject: what failed is its own to tell. `isStopped`: nobody waits for what it finds any more. */
  turn: (isStopped: () => boolean) => Promise<void>;
}>;

/** Does turns until the answer is called. One that is under way then is not waited for. */
export function repeatTurns({ clock, firstMs, everyMs, turn }: Turns): () => void {
  let hasStopped = false;
  let cancel: () => void = () => {};
  const run = async (): Promise<void> => {
    await turn(() => hasStopped);
    arm(everyMs);
  };
  const arm = (waitMs: number): void => {
    if (!hasStopped) cancel = clock.setTimer(() => void run(), waitMs);
  };
  if (firstMs === 0) void run();
  else arm(firstMs);
  return () => {
    hasStopped = true;
    cancel();
  };
}
