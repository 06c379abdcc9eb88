import { readdir, readFile } from 'node:fs/promises';

/** The CPU time used so far and the current and peak resident set of one process, from /proc (Linux). */
export type Usage = Readonly<{ cpuMs: number; rssMb: number; peakRssMb: number }>;

/**
 * Returns one entry for each process. Services that share a process share an entry, named after all of them:
 * `console+ingress`.
 */
export const processesOf = (pids: Readonly<Record<string, number>>): Readonly<Record<string, number>> => {
  const names = new Map<number, string>();
  for (const [name, pid] of Object.entries(pids)) {
    const known = names.get(pid);
    names.set(pid, known === undefined ? name : `${known}+${name}`);
  }
  return Object.fromEntries([...names].map(([pid, name]) => [name, pid]));
};

// USER_HZ is 100 on every Linux that Node supports (man 5 proc).
const msPerTick = 10;

/** The CPU time that all processes of the machine have used so far, in milliseconds, with what a hypervisor gave to other machines. */
export const machineCpuMs = async (): Promise<number> => {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  // man 5 proc: user, nice, system, idle, iowait, irq, softirq, steal; the time of guests is part of user.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * msPerTick;
};

const kilobytesIn = (text: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? '0');

export const usageOf = async (pid: number): Promise<Usage> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The command name may contain spaces and parentheses: fields are counted from the last closing one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number => Math.round(kilobytesIn(status, field) / 1024);
  return { cpuMs: ticks * msPerTick, rssMb: megabytes('VmRSS'), peakRssMb: megabytes('VmHWM') };
};

/**
 * Returns the proportional set size in MB: the process's own pages and its share of pages that others map too, so that
 * the sum over processes is what they occupy together.
 */
export const pssMbOf = async (pid: number): Promise<number> =>
  Math.round(kilobytesIn(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') / 1024);

/** Returns how often each thread of a process has gone to sleep so far: at rest, how often it was woken. */
export const wakeUpsOf = async (pid: number): Promise<ReadonlyMap<string, number>> => {
  const threads = await readdir(`/proc/${pid}/task`);
  const counts = threads.map(async (thread) => {
    // A thread that has just ended has no file.
    const status = await readFile(`/proc/${pid}/task/${thread}/status`, 'utf8').catch(() => '');
    return [thread, Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? '0')] as const;
  });
  return new Map(await Promise.all(counts));
};

/** Reads a value of every process. */
export const ofEach = async <T>(
  pids: Readonly<Record<string, number>>,
  read: (pid: number) => Promise<T>,
): Promise<Readonly<Record<string, T>>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(pids).map(async ([name, pid]) => [name, await read(pid)] as const)),
  );

export const usageOfAll = async (
  pids: Readonly<Record<string, number>>,
): Promise<Readonly<Record<string, Usage>>> => ofEach(pids, usageOf);
