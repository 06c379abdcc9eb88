import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binOf, quantilesOf, relativeError } from './latency-histogram.ts';

const histogramOf = (values: readonly number[]): Map<number, number> => {
  const histogram = new Map<number, number>();
  for (const ms of values) histogram.set(binOf(ms), (histogram.get(binOf(ms)) ?? 0) + 1);
  return histogram;
};

/** The smallest value that at least the share `q` of all values does not exceed. */
const exact = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1] ?? Number.NaN;

const weekMs = 7 * 86_400_000;
const durations = fc.array(fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: weekMs })), {
  minLength: 1,
  maxLength: 300,
});

describe('LatencyHistogram', () => {
  it('has quantiles within 5 % of the exact ones', () => {
    fc.assert(
      fc.property(durations, fc.constantFrom(0, 0.01, 0.5, 0.95, 0.99, 1), (values, q) => {
        const [estimate] = quantilesOf(histogramOf(values), [q]);
        const want = exact(values, q);
        // The answer is rounded to a tenth of a millisecond.
        expect(Math.abs((estimate ?? Number.NaN) - want)).toBeLessThanOrEqual(want * relativeError + 0.05);
      }),
      { numRuns: 500 },
    );
  });

  it('needs some two hundred bins up to a week', () => {
    expect(binOf(weekMs)).toBeLessThan(210);
    expect(binOf(1)).toBe(0);
  });

  it('knows durations below a millisecond as 0, and no quantile of nothing', () => {
    expect(quantilesOf(histogramOf([0, 0, 0]), [0.5, 0.99])).toEqual([0, 0]);
    expect(quantilesOf(new Map(), [0.5])).toEqual([null]);
  });
});
