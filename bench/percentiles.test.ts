import { describe, expect, it } from 'vitest';
import { medianOf, spreadOf } from './percentiles.ts';

describe('percentiles', () => {
  it('are nearest-rank', () => {
    const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(spreadOf(samples)).toEqual({ p50: 50, p99: 99, max: 100 });
    expect(spreadOf([7])).toEqual({ p50: 7, p99: 7, max: 7 });
    expect(spreadOf([])).toEqual({ p50: 0, p99: 0, max: 0 });
  });

  it('the median of an unsorted list', () => expect(medianOf([3, 1, 2])).toBe(2));
});
