import { appendFileSync, closeSync, openSync, readSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { AppError, messageOf } from '@tidings/runtime';

import { endCauseOf } from './end-cause.ts';
import { describeEnd, ManagedProcess, type ProcessEnd, type ProcessSpec } from './managed-process.ts';

const pollMs = 40;
const logTailBytes = 64 * 1024;
const fullBelowBytes = 1024 * 1024;

/** A single start of a process. */
export type Launch = Readonly<{
  args: readonly string[];
  /**
   * Runs when its process has ended. `hasFailedToStart`: before it was ready, and unasked or because it hung. Returns
   * what was at fault and has been mended, so that another start may succeed; null if there is nothing.
   */
  onEnded: (end: ProcessEnd, hasFailedToStart: boolean) => string | null;
}>;

/**
 * A part of the stack: how to run its process and how to check that it serves. `isReady` runs repeatedly until it
 * returns true; it must not throw while the part is not ready.
 */
export type PartSpec = Readonly<{
  process: ProcessSpec;
  /** Prepares each start of the process; its arguments follow those of `process`. */
  launch?: (() => Launch) | undefined;
  isReady: () => Promise<boolean>;
  readyTimeoutMs: number;
  stopGraceMs: number;
  /** Prints a line on the terminal. */
  print?: ((line: string) => void) | undefined;
  /** Runs at every start of its process, before anything else happens. */
  onSpawn?: ((part: Part) => void) | undefined;
}>;

/** One process of the stack across restarts. The port, the folder and the log file stay the same; the pid changes. */
export class Part {
  readonly name: string;
  readonly logFile: string;
  readonly #spec: PartSpec;
  #process: ManagedProcess | null = null;
  /** The last process that was ready. */
  #ready: ManagedProcess | null = null;
  /** The last process that was ended because it did not become ready in time. */
  #late: ManagedProcess | null = null;
  /** Resolves to true when the current process has ended by a fault that has been mended. */
  #mended: Promise<boolean> = Promise.resolve(false);
  #restarting: Promise<void> | null = null;
  /** Size of the log when the current process started: the output of earlier ones is irrelevant. */
  #logFrom = 0;

  constructor(spec: PartSpec) {
    this.name = spec.process.name;
    this.logFile = spec.process.logFile;
    this.#spec = spec;
  }

  /** The pid of the current process, or of the last one if it has ended. 0 before the first start. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** True while its process runs. */
  get isRunning(): boolean {
    return this.#process !== null && this.#process.end === null;
  }

  /** Resolves when the current process ends. */
  async ended(): Promise<ProcessEnd> {
    return (await this.#process?.ended) ?? { code: null, signal: null, failure: 'never started' };
  }

  /** Starts the process without waiting until it serves. */
  async spawn(): Promise<void> {
    if (this.isRunning) throw new AppError({ code: 'conflict', message: `${this.name} is running already` });
    this.#logFrom = statSync(this.logFile, { throwIfNoEntry: false })?.size ?? 0;
    const launch = this.#spec.launch?.();
    const { process } = this.#spec;
    const started = await ManagedProcess.start({
      ...process,
      args: [...process.args, ...(launch?.args ?? [])],
    });
    this.#process = started;
    this.#mended = launch === undefined ? Promise.resolve(false) : this.#mend(started, launch);
    this.#spec.onSpawn?.(this);
  }

  /**
   * Waits until the part serves; starts it again, once, if it ended by a fault that has been mended. Rejects with AppError `unavailable` if the process ends earlier, quoting the last
   * error in its log, or with `timeout`; a process that did not become ready is ended.
   */
  async ready(): Promise<void> {
    const deadline = Date.now() + this.#spec.readyTimeoutMs;
    for (let starts = 1; ; ) {
      const current = this.#process;
      const end = current?.end ?? null;
      if (end !== null) {
        if (starts > 1 || !(await this.#mended)) throw this.#endedEarly(end);
        starts += 1;
        await this.spawn();
        continue;
      }
      if (await this.#spec.isReady()) {
        this.#ready = current;
        return;
      }
      if (Date.now() > deadline) {
        this.#late = current;
        await this.kill9();
        throw new AppError({
          code: 'timeout',
          message: `${this.name} was not ready after ${this.#spec.readyTimeoutMs / 1000} s; its log: ${this.logFile}`,
        });
      }
      await delay(pollMs);
    }
  }

  /** Rejects like {@link ready} as soon as the current process ends: for a race against work that requires it. */
  async failWhenEnded(): Promise<never> {
    throw this.#endedEarly(await this.ended());
  }

  /** Runs {@link spawn} and {@link ready}. */
  async start(): Promise<void> {
    await this.spawn();
    await this.ready();
  }

  /** Sends SIGTERM, then SIGKILL after the part's grace period (or `graceMs`). Resolves when the process has ended. */
  async stop(graceMs = this.#spec.stopGraceMs): Promise<void> {
    await this.#process?.stop(graceMs);
  }

  /** Sends SIGKILL. Resolves when the process has ended. */
  async kill9(): Promise<void> {
    await this.#process?.kill9();
  }

  /** Sends a signal to the current process, if it runs. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal);
  }

  /** Stops the process if it runs, then starts it on the same port and data. */
  async restart(): Promise<void> {
    this.#restarting = this.stop().then(async () => this.spawn());
    try {
      await this.#restarting;
    } finally {
      this.#restarting = null;
    }
    await this.ready();
  }

  /** The restart in progress, until its new process runs; null if there is none. */
  get restarting(): Promise<void> | null {
    return this.#restarting;
  }

  async #mend(started: ManagedProcess, { onEnded }: Launch): Promise<boolean> {
    const end = await started.ended;
    try {
      const mended = onEnded(
        end,
        this.#ready !== started && (!started.wasAskedToEnd || this.#late === started),
      );
      if (mended === null) return false;
      const line = `${this.name} ended (${describeEnd(end)}): ${mended}`;
      appendFileSync(this.logFile, `${line}\n`);
      this.#spec.print?.(line);
      return true;
    } catch (error) {
      this.#spec.print?.(`warning: ${this.name}: ${messageOf(error)}`);
      return false;
    }
  }

  #endedEarly(end: ProcessEnd): AppError {
    const log = endOfLog(this.logFile, this.#logFrom);
    if (/no space left|not enough space|ENOSPC/i.test(log) || isDiskFull(this.logFile)) {
      return new AppError({
        code: 'unavailable',
        message: `${this.name} stopped because the disk is full. Free some space and start again. Its log: ${this.logFile}`,
      });
    }
    const { cause, advice } = endCauseOf(this.name, log);
    const sentences = [
      `${this.name} ended at start (${describeEnd(end)})${cause === '' ? '' : `: ${cause}`}.`,
      ...(advice === '' ? [] : [advice]),
      `Its log: ${this.logFile}`,
    ];
    return new AppError({ code: 'unavailable', message: sentences.join(' ') });
  }
}

/** Checks the disk: if it is full, the error message itself may be missing from the log. */
function isDiskFull(file: string): boolean {
  const { bavail, bsize } = statfsSync(dirname(file));
  return bavail * bsize < fullBelowBytes;
}

function endOfLog(logFile: string, from: number): string {
  const { size } = statSync(logFile);
  // A log that has grown too long is replaced when its process starts.
  const length = Math.min(size >= from ? size - from : size, logTailBytes);
  const file = openSync(logFile, 'r');
  try {
    const buffer = Buffer.alloc(length);
    readSync(file, buffer, 0, length, size - length);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}
