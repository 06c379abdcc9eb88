import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Returns a text that identifies one run of one program: boot and start time of the process that has `pid` now, or null
 * if there is none (a zombie counts as none). Pids are reused, so no process is ended by its pid alone.
 */
export function identityOf(pid: number): string | null {
  return process.platform === 'linux' ? identityFromProc(pid) : identityFromPs(pid);
}

/** A recorded process that a later start can find. */
export type KnownProcess = Readonly<{ name: string; pid: number; identity: string }>;

/** Returns true while the recorded process itself exists. */
export function isSameProcess({ pid, identity }: Readonly<{ pid: number; identity: string }>): boolean {
  return identityOf(pid) === identity;
}

/**
 * Reads proc(5): field 3 of stat is the state, field 22 the start time in ticks since boot; field 2 may contain spaces.
 */
function identityFromProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19] ?? ''}`;
  } catch {
    // The file is missing: the process does not exist.
    return null;
  }
}

function identityFromPs(pid: number): string | null {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? null : started;
  } catch {
    // ps exits with 1 if the process does not exist.
    return null;
  }
}
