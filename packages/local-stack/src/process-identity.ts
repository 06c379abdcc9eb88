import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A text that names one run of one program: boot and start time of the process that has `pid` now, or null when there is
 * none (a zombie counts as none). Pids are used again, so nothing is ever ended by its pid alone.
 */
export function identityOf(pid: number): string | null {
  return process.platform === 'linux' ? identityFromProc(pid) : identityFromPs(pid);
}

/** A process as it is written down to be found again. */
export type KnownProcess = Readonly<{ name: string; pid: number; identity: string }>;

/** True while the very process that was written down is there. */
export function isSameProcess({ pid, identity }: Readonly<{ pid: number; identity: string }>): boolean {
  return identityOf(pid) === identity;
}

/** proc(5): field 3 of stat is the state, field 22 the start time in ticks since boot; field 2 may hold spaces. */
function identityFromProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19] ?? ''}`;
  } catch {
    // No such file: no such process.
    return null;
  }
}

function identityFromPs(pid: number): string | null {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? null : started;
  } catch {
    // ps exits with 1 when there is no such process.
    return null;
  }
}
