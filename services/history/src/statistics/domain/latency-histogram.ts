/**
 * A histogram of durations on a logarithmic scale, as counts by bin. Bin i holds the durations in (γ^(i−1), γ^i]
 * milliseconds, and what is below a millisecond is in bin `zeroBin`, so any value of a bin differs from its middle by at
 * most 5 %. Histograms are added bin by bin: the result depends neither on order nor on grouping. The scheme is that of
 * DDSketch (VLDB 2019, section 2.2), without its bound on bins: a week is bin 203.
 */
export type LatencyHistogram = ReadonlyMap<number, number>;

/** The relative error of a quantile. */
export const relativeError = 0.05;

const gamma = (1 + relativeError) / (1 - relativeError);
const logOfGamma = Math.log(gamma);

/** The bin of durations below a millisecond. Their quantile is 0. */
const zeroBin = -1;

/** Returns the bin of a duration in milliseconds. */
export const binOf = (ms: number): number =>
  ms < 1 ? zeroBin : Math.max(0, Math.ceil(Math.log(ms) / logOfGamma));

const middleOf = (bin: number): number => (bin === zeroBin ? 0 : (2 * gamma ** bin) / (gamma + 1));

/**
 * Returns the quantiles `qs` (0 to 1) in milliseconds, each within 5 % of the exact one (the smallest value that at
 * least that share of all values does not exceed); null for each if there are no values.
 */
export const quantilesOf = (
  histogram: LatencyHistogram,
  qs: readonly number[],
): readonly (number | null)[] => {
  const bins = [...histogram].toSorted(([a], [b]) => a - b);
  const total = bins.reduce((sum, [, count]) => sum + count, 0);
  return qs.map((q) => {
    let left = Math.max(1, Math.ceil(q * total));
    for (const [bin, count] of bins) {
      left -= count;
      if (left <= 0) return Math.round(middleOf(bin) * 10) / 10;
    }
    return null;
  });
};
