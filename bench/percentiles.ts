/** The p50, p99 and maximum of samples in milliseconds, rounded to a tenth. */
export type Spread = Readonly<{ p50: number; p99: number; max: number }>;

const tenth = (value: number): number => Math.round(value * 10) / 10;

/** Computes nearest-rank percentiles (the value that at least p % of the samples do not exceed). */
export const spreadOf = (samples: readonly number[]): Spread => {
  if (samples.length === 0) return { p50: 0, p99: 0, max: 0 };
  const sorted = Float64Array.from(samples).sort();
  const at = (p: number): number => tenth(sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
};

/** Returns the median; for an even number of values, the lower of the middle two. */
export const medianOf = (values: readonly number[]): number =>
  Float64Array.from(values).sort()[Math.ceil(values.length / 2) - 1] ?? 0;

/** The geometric mean of ratios, the range of two standard errors around it, the smallest and the largest. */
export type RatioSpread = Readonly<{ mean: number; low: number; high: number; min: number; max: number }>;

/** Returns the spread of ratios: half as long once weighs as much as twice as long once. NaN without ratios. */
export const ratioSpreadOf = (ratios: readonly number[]): RatioSpread => {
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
  // Of one ratio nothing is known about others.
  const error = logs.length < 2 ? Infinity : Math.sqrt(squares / (logs.length - 1) / logs.length);
  return {
    mean: Math.exp(mean),
    low: Math.exp(mean - 2 * error),
    high: Math.exp(mean + 2 * error),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
  };
};
