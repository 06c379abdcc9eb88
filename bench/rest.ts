import { setTimeout as pause } from 'node:timers/promises';
import { medianOf } from './percentiles.ts';
import { ofEach, pssMbOf, usageOfAll, wakeUpsOf } from './process-usage.ts';

/** One process at rest: CPU in % of a core, memory in MB, and how often its threads were woken per second. */
export type RestOfProcess = Readonly<{ cpuPercent: number; pssMb: number; wakeUpsPerSecond: number }>;

/** The processes at rest, and the sums of all. */
export type Rest = Readonly<{ all: RestOfProcess; processes: Readonly<Record<string, RestOfProcess>> }>;

export type RestOptions = Readonly<{
  processes: Readonly<Record<string, number>>;
  seconds: number;
  samples: number;
  signal: AbortSignal;
}>;

type Counts = ReadonlyMap<string, number>;

/** Threads that ended in between are left out. */
const increase = (before: Counts = new Map(), after: Counts = new Map()): number =>
  [...after].reduce((sum, [thread, count]) => sum + count - (before.get(thread) ?? 0), 0);

const hundredth = (value: number): number => Math.round(value * 100) / 100;

/** Measures each process for `seconds`, divided into `samples`: CPU and wake-ups are the median sample, PSS is the last. */
export const measureRest = async ({ processes, seconds, samples, signal }: RestOptions): Promise<Rest> => {
  const names = Object.keys(processes);
  const cpu: Record<string, number>[] = [];
  const wakeUps: Record<string, number>[] = [];
  const sampleSeconds = seconds / samples;
  for (let sample = 0; sample < samples; sample += 1) {
    const [usageBefore, wokenBefore] = [await usageOfAll(processes), await ofEach(processes, wakeUpsOf)];
    await pause(sampleSeconds * 1_000, undefined, { signal });
    const [usage, woken] = [await usageOfAll(processes), await ofEach(processes, wakeUpsOf)];
    const perSecond = (read: (name: string) => number): Record<string, number> =>
      Object.fromEntries(names.map((name) => [name, read(name) / sampleSeconds]));
    cpu.push(perSecond((name) => ((usage[name]?.cpuMs ?? 0) - (usageBefore[name]?.cpuMs ?? 0)) / 10));
    wakeUps.push(perSecond((name) => increase(wokenBefore[name], woken[name])));
  }
  const pss = await ofEach(processes, pssMbOf);
  const sumOf = (sample: Record<string, number>): number =>
    Object.values(sample).reduce((sum, value) => sum + value, 0);
  const median = (
    samplesOf: readonly Record<string, number>[],
    read: (s: Record<string, number>) => number,
  ) => medianOf(samplesOf.map(read));
  return {
    all: {
      cpuPercent: hundredth(median(cpu, sumOf)),
      pssMb: Object.values(pss).reduce((sum, value) => sum + value, 0),
      wakeUpsPerSecond: Math.round(median(wakeUps, sumOf)),
    },
    processes: Object.fromEntries(
      names.map((name) => [
        name,
        {
          cpuPercent: hundredth(median(cpu, (sample) => sample[name] ?? 0)),
          pssMb: pss[name] ?? 0,
          wakeUpsPerSecond: Math.round(median(wakeUps, (sample) => sample[name] ?? 0)),
        },
      ]),
    ),
  };
};

/** Formats a state as text for a terminal. */
export const restTable = ({ all, processes }: Rest): string => {
  const rows = [
    ['process', 'CPU %', 'PSS MB', 'wake-ups/s'],
    ...Object.entries({ ...processes, all }).map(([name, { cpuPercent, pssMb, wakeUpsPerSecond }]) => [
      name,
      cpuPercent.toFixed(2),
      String(pssMb),
      String(wakeUpsPerSecond),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  '),
    )
    .join('\n');
};
