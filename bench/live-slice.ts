import { spreadOf } from './percentiles.ts';

/** The measurements of live events in some seconds. */
export type Slice = Readonly<{
  seconds: number;
  latencies: readonly number[];
  replayed: number;
  /** Milliseconds of CPU time, by process. */
  cpuMs: Readonly<Record<string, number>>;
}>;

/** Joins slices to one. */
export const joined = (slices: readonly Slice[]): Slice => {
  const cpuMs: Record<string, number> = {};
  for (const slice of slices) {
    for (const [name, ms] of Object.entries(slice.cpuMs)) cpuMs[name] = (cpuMs[name] ?? 0) + ms;
  }
  return {
    seconds: slices.reduce((sum, { seconds }) => sum + seconds, 0),
    latencies: slices.flatMap(({ latencies }) => latencies),
    replayed: slices.reduce((sum, { replayed }) => sum + replayed, 0),
    cpuMs,
  };
};

/** Adds slices up. Times are those of live events; `cpu`: percent of a core. */
export const sumOf = (slices: readonly Slice[]) => {
  const { seconds, latencies, replayed, cpuMs } = joined(slices);
  return {
    seconds: Math.round(seconds),
    live: latencies.length,
    ...spreadOf(latencies),
    replayed,
    replayedPerSecond: Math.round(replayed / Math.max(1, seconds)),
    cpu: Object.fromEntries(
      Object.entries(cpuMs).map(([name, ms]) => [name, Math.round(ms / Math.max(1, seconds) / 10)]),
    ),
  };
};
