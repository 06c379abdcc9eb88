import { ladder, type Rung } from '@tidings/contracts';

const shortest = ladder[0] as Rung;

/** A wait shorter than this needs no rung: it fits in memory. */
export const shortestDelayMs = shortest.delayMs;

// A rung may overshoot by this part of itself, and never by more than the shortest rung: 4.98 s is one hop, not four.
const maxOvershoot = 0.05;

/**
 * The rung on which a command waits next: the longest that fits into `remainingMs`, or the shortest of all. A command
 * that comes back early hops again, so a wait never ends early, and late by no more than the shortest rung.
 */
export const rungFor = (remainingMs: number): Rung => {
  let chosen = shortest;
  for (const rung of ladder) {
    const overshootMs = Math.min(rung.delayMs * maxOvershoot, shortest.delayMs);
    if (rung.delayMs <= remainingMs + overshootMs) chosen = rung;
  }
  return chosen;
};

/** The shortest rung that waits at least `waitMs`; the longest of all when none does. */
export const rungOfAtLeast = (waitMs: number): Rung =>
  ladder.find((rung) => rung.delayMs >= waitMs) ?? (ladder.at(-1) as Rung);
