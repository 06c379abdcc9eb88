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
