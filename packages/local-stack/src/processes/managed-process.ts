import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { AppError, messageOf } from '@tidings/runtime';

/** A log file above this size is renamed to `<name>.1` at the next start of its process. */
const maxLogBytes = 20 * 1024 * 1024;

/** A process to run. Its output goes directly to `logFile`, so a dead or slow parent can neither block nor lose it. */
export type ProcessSpec = Readonly<{
  name: string;
  command: string;
  args: readonly string[];
  logFile: string;
  /** Read when the process starts, which waits for it. */
  env?: () => Promise<Readonly<Record<string, string | undefined>>>;
  /** Written to its standard input as soon as it is known; without it the process has no input. */
  input?: () => Promise<string>;
  cwd?: string;
}>;

/** The end of a process: an exit code, a signal, or the reason why it never ran. */
export type ProcessEnd = Readonly<{
  code: number | null;
  signal: NodeJS.Signals | null;
  failure?: string;
}>;

/** Formats the end of a process: `exit code 1`, `SIGKILL`, or why it could not start. */
export function describeEnd(end: ProcessEnd): string {
  return end.failure ?? end.signal ?? `exit code ${String(end.code)}`;
}

/**
 * One child process in its own session, so that Ctrl-C in the terminal reaches only the parent, which then stops the
 * children in order. `pid` is that of the program itself, never of a shell around it.
 */
export class ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves once, when the process has ended. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  #end: ProcessEnd | null = null;
  #wasAskedToEnd = false;

  private constructor(spec: ProcessSpec, pid: number, ended: Promise<ProcessEnd>) {
    this.name = spec.name;
    this.pid = pid;
    this.logFile = spec.logFile;
    this.ended = ended.then((end) => {
      this.#end = end;
      return end;
    });
  }

  /** Starts the process. Rejects with AppError `unavailable` if the program cannot be run. */
  static async start(spec: ProcessSpec): Promise<ManagedProcess> {
    const env = await spec.env?.();
    const output = openLog(spec.logFile);
    try {
      const child = spawn(spec.command, [...spec.args], {
        cwd: spec.cwd,
        env: { ...process.env, ...env },
        detached: true,
        stdio: [spec.input === undefined ? 'ignore' : 'pipe', output, output],
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
      if (spec.input !== undefined) feed(child, spec.input());
      return new ManagedProcess(spec, child.pid, ended);
    } finally {
      closeSync(output);
    }
  }

  /** The end of the process, or null while it runs. */
  get end(): ProcessEnd | null {
    return this.#end;
  }

  /** True once {@link signal} has sent SIGTERM or SIGKILL. */
  get wasAskedToEnd(): boolean {
    return this.#wasAskedToEnd;
  }

  /** Sends SIGTERM, then SIGKILL if the process still runs after `graceMs`. Resolves when it has ended. */
  async stop(graceMs: number): Promise<ProcessEnd> {
    this.signal('SIGTERM');
    const timeout = new AbortController();
    const late = delay(graceMs, null, { signal: timeout.signal }).catch(() => null);
    const end = await Promise.race([this.ended, late]);
    timeout.abort();
    return end ?? (await this.kill9());
  }

  /** Sends SIGKILL. Resolves when the process has ended. */
  async kill9(): Promise<ProcessEnd> {
    this.signal('SIGKILL');
    return this.ended;
  }

  /** Sends a signal unless the process has ended, because its pid may then belong to another process. */
  signal(signal: NodeJS.Signals): void {
    if (this.#end !== null) return;
    if (signal === 'SIGTERM' || signal === 'SIGKILL') this.#wasAskedToEnd = true;
    try {
      process.kill(this.pid, signal);
    } catch (error) {
      // The process has just ended and its exit event is pending.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function feed({ stdin }: ChildProcess, input: Promise<string>): void {
  // A process that has ended reads nothing; its end is reported where it is awaited.
  stdin?.on('error', () => {});
  input.then(
    (text) => stdin?.end(text),
    () => stdin?.destroy(),
  );
}

function openLog(logFile: string): number {
  mkdirSync(dirname(logFile), { recursive: true });
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) {
    rmSync(`${logFile}.1`, { force: true });
    renameSync(logFile, `${logFile}.1`);
  }
  return openSync(logFile, 'a');
}
