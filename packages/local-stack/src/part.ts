import { closeSync, openSync, readSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { AppError } from '@tidings/runtime';

import { endCauseOf } from './end-cause.ts';
import { describeEnd, ManagedProcess, type ProcessEnd, type ProcessSpec } from './managed-process.ts';

const pollMs = 40;
const logTailBytes = 64 * 1024;
const fullBelowBytes = 1024 * 1024;

/**
 * A part of the stack: how to run its process and how to check that it serves. `isReady` runs repeatedly until it
 * returns true; it must not throw while the part is not ready.
 */
export type PartSpec = Readonly<{
  process: ProcessSpec;
  isReady: () => Promise<boolean>;
  readyTimeoutMs: number;
  stopGraceMs: number;
  /** Runs at every start of its process, before anything else happens. */
  onSpawn?: ((part: Part) => void) | undefined;
}>;

/** One process of the stack across restarts. The port, the folder and the log file stay the same; the pid changes. */
export class Part {
  readonly name: string;
  readonly logFile: string;
  readonly #spec: PartSpec;
  #process: ManagedProcess | null = null;
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
    this.#process = await ManagedProcess.start(this.#spec.process);
    this.#spec.onSpawn?.(this);
  }

  /**
   * Waits until the part serves. Rejects with AppError `unavailable` if the process ends earlier, quoting the last
   * error in its log, or with `timeout`; a process that did not become ready is ended.
   */
  async ready(): Promise<void> {
    const deadline = Date.now() + this.#spec.readyTimeoutMs;
    for (;;) {
      const end = this.#process?.end ?? null;
      if (end !== null) throw this.#endedEarly(end);
      if (await this.#spec.isReady()) return;
      if (Date.now() > deadline) {
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
