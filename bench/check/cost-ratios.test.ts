import { describe, expect, it } from 'vitest';
import { ratioOf, ratioTable } from './cost-ratios.ts';

const pairs = (...later: number[]) => later.map((one) => ({ earlier: 500, later: one }));

describe('the cost of a later commit', () => {
  it('is the median of the ratios of pairs, so that one slow run does not decide', () => {
    expect(ratioOf('flood', pairs(500, 1_500, 510), 10)).toEqual({
      name: 'flood',
      earlier: 500,
      later: 510,
      ratio: 1.02,
      smallest: 1,
      largest: 3,
      costsMore: false,
    });
  });

  it('is too high from the limit on', () => {
    expect(ratioOf('flood', pairs(549), 10).costsMore).toBe(false);
    expect(ratioOf('flood', pairs(550), 10).costsMore).toBe(true);
    expect(ratioOf('flood', pairs(550), 20).costsMore).toBe(false);
  });

  it('is not known without pairs', () => {
    expect(() => ratioOf('flood', [], 10)).toThrow("no pairs of 'flood' to compare");
  });

  it('is shown in a row for each workload', () => {
    const table = ratioTable([ratioOf('flood', pairs(600), 10), ratioOf('paced', pairs(500), 10)]);
    expect(table.split('\n').slice(2)).toEqual([
      '| flood | 500 | 600 | 1.20 | 1.20 to 1.20 | **costs more** |',
      '| paced | 500 | 500 | 1.00 | 1.00 to 1.00 | ok |',
    ]);
  });
});
