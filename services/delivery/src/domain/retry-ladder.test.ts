import { ladder } from '@tidings/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rungFor, rungOfAtLeast, shortestDelayMs } from './retry-ladder.ts';

describe('rungFor', () => {
  it.each([
    [0, 1_000],
    [999, 1_000],
    [1_000, 1_000],
    [4_749, 1_000],
    [4_980, 5_000],
    [59_500, 60_000],
    [60_000, 60_000],
    [86_400_000, 36_000_000],
  ])('for a remaining time of %i ms returns the rung of %i ms', (remainingMs, delayMs) => {
    expect(rungFor(remainingMs).delayMs).toBe(delayMs);
  });

  it('ends no wait early and none later than the shortest rung, in a bounded number of hops', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 * 86_400_000 }), (waitMs) => {
        let elapsedMs = 0;
        let hops = 0;
        for (; elapsedMs < waitMs; hops += 1) elapsedMs += rungFor(waitMs - elapsedMs).delayMs;
        expect(elapsedMs - waitMs).toBeLessThanOrEqual(shortestDelayMs);
        expect(hops).toBeLessThanOrEqual(17 + ladder.length * 12);
      }),
    );
  });
});

describe('rungOfAtLeast', () => {
  it.each([
    [0, 1_000],
    [1_000, 1_000],
    [1_001, 5_000],
    [2_000_000, 7_200_000],
    [99_000_000, 36_000_000],
  ])('for %i ms returns the rung of %i ms', (waitMs, delayMs) => {
    expect(rungOfAtLeast(waitMs).delayMs).toBe(delayMs);
  });
});
