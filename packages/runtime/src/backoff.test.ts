import { describe, expect, it } from 'vitest';
import { backoffMs } from './index.ts';

describe('backoffMs', () => {
  const at = (attempt: number, random: number) =>
    backoffMs({ attempt, baseMs: 250, maxMs: 4000, random: () => random });

  it('doubles from the base to the limit', () => {
    expect([1, 2, 3, 4, 5, 6, 1000].map((attempt) => at(attempt, 1))).toEqual([
      250, 500, 1000, 2000, 4000, 4000, 4000,
    ]);
  });

  it('is jittered down to half of the delay', () => {
    expect([at(3, 0), at(3, 0.5), at(10_000, 0)]).toEqual([500, 750, 2000]);
  });

  it('treats an attempt below 1 as the first', () => {
    expect([at(0, 1), at(-3, 1)]).toEqual([250, 250]);
  });
});
