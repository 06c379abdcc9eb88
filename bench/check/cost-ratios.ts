import { medianOf } from '../percentiles.ts';

/** CPU µs a webhook of the earlier and the later tree, measured one after the other. */
export type CostPair = Readonly<{ earlier: number; later: number }>;

/** The pairs of one workload: medians of both, and the median, smallest and largest ratio of later to earlier. */
export type CostRatio = Readonly<{
  name: string;
  earlier: number;
  later: number;
  ratio: number;
  smallest: number;
  largest: number;
  costsMore: boolean;
}>;

/** Compares the pairs of a workload. It costs more if the median ratio is at least 1 and `limitPercent`. */
export const ratioOf = (name: string, pairs: readonly CostPair[], limitPercent: number): CostRatio => {
  if (pairs.length === 0) throw new Error(`no pairs of '${name}' to compare`);
  const ratios = pairs.map(({ earlier, later }) => later / Math.max(1, earlier));
  const ratio = medianOf(ratios);
  return {
    name,
    earlier: medianOf(pairs.map(({ earlier }) => earlier)),
    later: medianOf(pairs.map(({ later }) => later)),
    ratio,
    smallest: Math.min(...ratios),
    largest: Math.max(...ratios),
    costsMore: ratio >= 1 + limitPercent / 100,
  };
};

/** Formats the workloads as a table in Markdown. */
export const ratioTable = (ratios: readonly CostRatio[]): string =>
  [
    '| workload | earlier, CPU µs | later, CPU µs | later / earlier | smallest to largest | |',
    '|---|---|---|---|---|---|',
    ...ratios.map(
      ({ name, earlier, later, ratio, smallest, largest, costsMore }) =>
        `| ${name} | ${earlier} | ${later} | ${ratio.toFixed(2)} | ${smallest.toFixed(2)} to ${largest.toFixed(2)} | ${costsMore ? '**costs more**' : 'ok'} |`,
    ),
  ].join('\n');
