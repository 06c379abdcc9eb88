import type { UndeliveredCount } from '../../src/domain/undelivered-count.ts';

type One = Omit<UndeliveredCount, 'count'>;

const earlier = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b);

/** Counts what the aggregation of a database counts. */
export const countUndelivered = (some: readonly One[]): UndeliveredCount[] => {
  const counts = new Map<string, UndeliveredCount>();
  for (const one of some) {
    const { oldestAtMs, nextAttemptAtMs, ...why } = one;
    const known = counts.get(JSON.stringify(why)) ?? { ...one, count: 0 };
    counts.set(JSON.stringify(why), {
      ...known,
      count: known.count + 1,
      oldestAtMs: Math.min(known.oldestAtMs, oldestAtMs),
      nextAttemptAtMs: earlier(known.nextAttemptAtMs, nextAttemptAtMs),
    });
  }
  return [...counts.values()];
};
