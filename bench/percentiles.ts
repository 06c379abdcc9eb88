/** p50, p99 and the maximum of some milliseconds, to a tenth. */
export type Spread = Readonly<{ p50: number; p99: number; max: number }>;

const tenth = (value: number): number => Math.round(value * 10) / 10;

/** Nearest-rank percentiles (the value that at least p % of the samples do not exceed). */
export const spreadOf = (samples: readonly number[]): Spread => {
  if (samples.length === 0) return { p50: 0, p99: 0, max: 0 };
  const sorted = Float64Array.from(samples).sort();
  const at = (p: number): number => tenth(sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
};

/** The middle value; of an even number the lower one of the two in the middle. */
export const medianOf = (values: readonly number[]): number => spreadOf(values).p50;
