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
 * A part of the stack: how to run its process and how to see that it serves. `isReady` is asked again and again until it
 * says true; it must not throw for "not yet".
 */
export type PartSpec = Readonly<{
  process: ProcessSpec;
  isReady: () => Promise<boolean>;
  readyTimeoutMs: number;
  stopGraceMs: number;
  /** Called at every start of its process, before anything else happens. */
  onSpawn?: ((part: Part) => void) | undefined;
}>;

/** One process of the stack over its restarts. The port, the folder and the log file stay the same; the pid changes. */
export class Part {
  readonly name: string;
  readonly logFile: string;
  readonly #spec: PartSpec;
  #process: ManagedProcess | null = null;
  #restarting: Promise<void> | null = null;
  /** Size of the log when the present process began: what earlier ones said explains nothing. */
  #logFrom = 0;

  constructor(spec: PartSpec) {
    this.name = spec.process.name;
    this.logFile = spec.process.logFile;
    this.#spec = spec;
  }

  /** The pid of the present process, or of the last one when it has ended. 0 before the first start. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** True while its process runs. */
  get isRunning(): boolean {
    return this.#process !== null && this.#process.end === null;
  }

  /** Resolves when the present process ends. */
  async ended(): Promise<ProcessEnd> {
    return (await this.#process?.ended) ?? { code: null, signal: null, failure: 'never started' };
  }

  /** Starts the process without waiting for it to serve. */
  async spawn(): Promise<void> {
    if (this.isRunning) throw new AppError({ code: 'conflict', message: `${this.name} is running already` });
    this.#logFrom = statSync(this.logFile, { throwIfNoEntry: false })?.size ?? 0;
    this.#process = await ManagedProcess.start(this.#spec.process);
    this.#spec.onSpawn?.(this);
  }

  /**
   * Waits until it serves. Rejects with AppError `unavailable` when it ends before that, quoting the last error in its
   * log, or `timeout`; the process that never came up is ended.
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

  /** Rejects, in the words of {@link ready}, as soon as the present process ends: to be raced against work that needs it. */
  async failWhenEnded(): Promise<never> {
    throw this.#endedEarly(await this.ended());
  }

  /** {@link spawn} and {@link ready}. */
  async start(): Promise<void> {
    await this.spawn();
    await this.ready();
  }

  /** SIGTERM, SIGKILL after the part's grace period (or `graceMs`). Resolves when the process is gone. */
  async stop(graceMs = this.#spec.stopGraceMs): Promise<void> {
    await this.#process?.stop(graceMs);
  }

  /** SIGKILL. Resolves when the process is gone. */
  async kill9(): Promise<void> {
    await this.#process?.kill9();
  }

  /** Sends a signal to the present process, if it runs. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal);
  }

  /** Stops it if it runs, then starts it on the same port and data. */
  async restart(): Promise<void> {
    this.#restarting = this.stop().then(async () => this.spawn());
    try {
      await this.#restarting;
    } finally {
      this.#restarting = null;
    }
    await this.ready();
  }

  /** The restart under way, until its new process runs; null when there is none. */
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

/** On a full disk not even the message that says so may have been written. */
function isDiskFull(file: string): boolean {
  const { bavail, bsize } = statfsSync(dirname(file));
  return bavail * bsize < fullBelowBytes;
}

function endOfLog(logFile: string, from: number): string {
  const { size } = statSync(logFile);
  // A log that has grown too long starts anew with its process.
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
