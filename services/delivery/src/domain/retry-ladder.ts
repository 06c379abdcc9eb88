import { ladder, type Rung } from '@tidings/contracts';

const shortest = ladder[0] as Rung;

/** Shortest wait that uses a rung. A shorter one is kept in memory. */
export const shortestDelayMs = shortest.delayMs;

// A rung may exceed the wait by this fraction of itself, and by no more than the
// shortest rung: 4.98 s is one hop, not four.
const maxOvershoot = 0.05;

/**
 * Returns the rung on which a command waits next: the longest that fits into `remainingMs`, or the
 * shortest of all. A command that returns early waits on another rung, so a wait never ends early, and
 * is late by no more than the shortest rung.
 */
export const rungFor = (remainingMs: number): Rung => {
  let chosen = shortest;
  for (const rung of ladder) {
    const overshootMs = Math.min(rung.delayMs * maxOvershoot, shortest.delayMs);
    if (rung.delayMs <= remainingMs + overshootMs) chosen = rung;
  }
  return chosen;
};

/** Returns the shortest rung that waits at least `waitMs`, or the longest of all if none does. */
export const rungOfAtLeast = (waitMs: number): Rung =>
  ladder.find((rung) => rung.delayMs >= waitMs) ?? (ladder.at(-1) as Rung);
