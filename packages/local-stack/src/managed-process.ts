import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { AppError, messageOf } from '@tidings/runtime';

/** Above this a log file is moved to `<name>.1` at the next start of its process. */
const maxLogBytes = 20 * 1024 * 1024;

/** What to run. Output goes straight into `logFile`, so a dead or slow parent can neither block nor lose it. */
export type ProcessSpec = Readonly<{
  name: string;
  command: string;
  args: readonly string[];
  logFile: string;
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
}>;

/** How a process ended: an exit code, a signal, or the reason why it never ran. */
export type ProcessEnd = Readonly<{
  code: number | null;
  signal: NodeJS.Signals | null;
  failure?: string;
}>;

/** `exit code 1`, `SIGKILL`, or why it could not be started. */
export function describeEnd(end: ProcessEnd): string {
  return end.failure ?? end.signal ?? `exit code ${String(end.code)}`;
}

/**
 * One child process in a session of its own, so that Ctrl-C in the terminal reaches only the parent, which then stops
 * the children in order. `pid` is the program itself, never a shell around it.
 */
export class ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves once, when the process is gone. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  #end: ProcessEnd | null = null;

  private constructor(spec: ProcessSpec, pid: number, ended: Promise<ProcessEnd>) {
    this.name = spec.name;
    this.pid = pid;
    this.logFile = spec.logFile;
    this.ended = ended.then((end) => {
      this.#end = end;
      return end;
    });
  }

  /** Starts it. Rejects with AppError `unavailable` when the program cannot be run at all. */
  static async start(spec: ProcessSpec): Promise<ManagedProcess> {
    const output = openLog(spec.logFile);
    try {
      const child = spawn(spec.command, [...spec.args], {
        cwd: spec.cwd,
        env: { ...process.env, ...spec.env },
        detached: true,
        stdio: ['ignore', output, output],
      });
      const ended = new Promise<ProcessEnd>((resolve) => {
        child.once('exit', (code, signal) => resolve({ code, signal }));
        child.once('error', (error) => resolve({ code: null, signal: null, failure: messageOf(error) }));
      });
      if (child.pid === undefined) {
        throw new AppError({
          code: 'unavailable',
          message: `${spec.name} could not be started (${spec.command}): ${describeEnd(await ended)}`,
        });
      }
      return new ManagedProcess(spec, child.pid, ended);
    } finally {
      closeSync(output);
    }
  }

  /** How it ended, or null while it runs. */
  get end(): ProcessEnd | null {
    return this.#end;
  }

  /** SIGTERM, then SIGKILL when it is still there after `graceMs`. Resolves when it is gone. */
  async stop(graceMs: number): Promise<ProcessEnd> {
    this.signal('SIGTERM');
    const timeout = new AbortController();
    const late = delay(graceMs, null, { signal: timeout.signal }).catch(() => null);
    const end = await Promise.race([this.ended, late]);
    timeout.abort();
    return end ?? (await this.kill9());
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill9(): Promise<ProcessEnd> {
    this.signal('SIGKILL');
    return this.ended;
  }

  /** Sends a signal unless the process has ended: its pid may belong to a stranger by then. */
  signal(signal: NodeJS.Signals): void {
    if (this.#end !== null) return;
    try {
      process.kill(this.pid, signal);
    } catch (error) {
      // It ended a moment ago and its exit event is on the way.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function openLog(logFile: string): number {
  mkdirSync(dirname(logFile), { recursive: true });
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) {
    rmSync(`${logFile}.1`, { force: true });
    renameSync(logFile, `${logFile}.1`);
  }
  return openSync(logFile, 'a');
}
