import { describe, expect, it } from 'vitest';
import { medianOf, ratioSpreadOf, spreadOf } from './percentiles.ts';

describe('percentiles', () => {
  it('are nearest-rank', () => {
    const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(spreadOf(samples)).toEqual({ p50: 50, p99: 99, max: 100 });
    expect(spreadOf([7])).toEqual({ p50: 7, p99: 7, max: 7 });
    expect(spreadOf([])).toEqual({ p50: 0, p99: 0, max: 0 });
  });

  it('the median of an unsorted list', () => expect(medianOf([3, 1, 2])).toBe(2));

  it('of ratios weigh half and twice alike, and say how far the mean may be off', () => {
    const { mean, low, high, min, max } = ratioSpreadOf([0.5, 2, 0.5, 2]);
    expect([mean, min, max]).toEqual([1, 0.5, 2]);
    // The logarithms are ±ln 2: their standard error is ln 2 ÷ √3.
    expect(high).toBeCloseTo(2 ** (2 / Math.sqrt(3)));
    expect(low).toBeCloseTo(1 / high);
    expect(ratioSpreadOf([1.1])).toMatchObject({ mean: 1.1, low: 0, high: Infinity });
  });
});
