import { readFile } from 'node:fs/promises';

/** The CPU time used so far and the current and peak resident set of one process, from /proc (Linux). */
export type Usage = Readonly<{ cpuMs: number; rssMb: number; peakRssMb: number }>;

// USER_HZ is 100 on every Linux that Node supports (man 5 proc).
const msPerTick = 10;

export const usageOf = async (pid: number): Promise<Usage> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The command name may contain spaces and parentheses: fields are counted from the last closing one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number =>
    Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? '0') / 1024);
  return { cpuMs: ticks * msPerTick, rssMb: megabytes('VmRSS'), peakRssMb: megabytes('VmHWM') };
};

export const usageOfAll = async (
  pids: Readonly<Record<string, number>>,
): Promise<Readonly<Record<string, Usage>>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(pids).map(async ([name, pid]) => [name, await usageOf(pid)] as const)),
  );
