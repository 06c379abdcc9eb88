/**
 * Returns the time of a next attempt while it lies ahead, else null. A delivery that waits without an attempt is deferred
 * again and again, and only its first deferral is recorded: a time that has passed says nothing about when it is sent.
 */
export const plannedTime = (atMs: number | null, nowMs: number): number | null =>
  atMs !== null && atMs > nowMs ? atMs : null;
