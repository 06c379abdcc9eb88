/** Input of {@link backoffMs}. `attempt` counts the failures so far, from 1; `random` returns 0 (included) to 1. */
export type BackoffInput = Readonly<{ attempt: number; baseMs: number; maxMs: number; random: () => number }>;

/**
 * Returns an exponential back-off with half jitter, in whole milliseconds: between 50 % and 100 % of `baseMs ×
 * 2^(attempt − 1)`, never above `maxMs`. The jitter prevents many instances from retrying together.
 */
export function backoffMs({ attempt, baseMs, maxMs, random }: BackoffInput): number {
  const fullMs = Math.min(maxMs, baseMs * 2 ** Math.min(Math.max(attempt - 1, 0), 52));
  return Math.round(fullMs / 2 + (fullMs / 2) * random());
}
