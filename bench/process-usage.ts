import { readFile } from 'node:fs/promises';

/** CPU time used so far and the highest resident set, of one process, from /proc (Linux). */
export type Usage = Readonly<{ cpuMs: number; peakRssMb: number }>;

// USER_HZ is 100 on every Linux that Node runs on (man 5 proc).
const msPerTick = 10;

export const usageOf = async (pid: number): Promise<Usage> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The command name may hold spaces and brackets: fields are counted from the last closing one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const peakKb = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? '0';
  return { cpuMs: ticks * msPerTick, peakRssMb: Math.round(Number(peakKb) / 1024) };
};

export const usageOfAll = async (
  pids: Readonly<Record<string, number>>,
): Promise<Readonly<Record<string, Usage>>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(pids).map(async ([name, pid]) => [name, await usageOf(pid)] as const)),
  );
