import { write, writeSync } from 'node:fs';

// Lines are written in blocks of about this size, or this long after the first: an observer sees them at once, and at 200
// events a second a write carries those of twenty instead of three.
const blockChars = 32 * 1024;
const flushIntervalMs = 100;
// Maximum buffer while the reader is slow. Lines beyond it are dropped and counted: logs must not fill the memory.
const maxHeldChars = 16 * 1024 * 1024;
// A full non-blocking descriptor (EAGAIN) is retried after this time; a last flush gives up after:
const retryMs = 10;
const maxSyncRetries = 100;

/** Writes to a descriptor; the two functions of node:fs in the required form. */
export type DescriptorWriter = Readonly<{
  write: (text: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void) => void;
  writeSync: (text: Buffer) => number;
}>;

const standardOutput: DescriptorWriter = {
  write: (bytes, done) => write(1, bytes, done),
  writeSync: (bytes) => writeSync(1, bytes),
};

/**
 * A buffered, asynchronous output of lines, one write at a time. A closed reader (EPIPE) ends only the output:
 * sonic-boom 4.2.1, pino's own, then waits in an endless loop, and the process can no longer be stopped.
 */
export class LineOutput {
  readonly #writer: DescriptorWriter;
  #held: string[] = [];
  #heldChars = 0;
  #dropped = 0;
  #inFlight: Buffer | undefined;
  #stuck: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  #isBroken = false;
  #idleWaiters: (() => void)[] = [];

  constructor(writer: DescriptorWriter = standardOutput) {
    this.#writer = writer;
  }

  /** Accepts a line, including its newline. */
  write(line: string): void {
    if (this.#isBroken) return;
    if (this.#heldChars > maxHeldChars) {
      this.#dropped += 1;
      return;
    }
    this.#held.push(line);
    this.#heldChars += line.length;
    if (this.#heldChars >= blockChars) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), flushIntervalMs).unref();
  }

  /** Resolves when all lines accepted so far are written, or cannot be. */
  async flush(): Promise<void> {
    this.#send();
    if (this.#inFlight === undefined && this.#isEmpty()) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Writes the buffered lines synchronously: for the last lines of a process. */
  flushSync(): void {
    if (this.#inFlight !== undefined && !this.#isBroken) {
      // Its write runs on another thread: a short pause lets it finish before the next lines.
      sleep(2 * retryMs);
    }
    let rest = this.#take();
    for (let retries = 0; rest.length > 0 && retries < maxSyncRetries && !this.#isBroken; ) {
      try {
        rest = rest.subarray(this.#writer.writeSync(rest));
      } catch (error) {
        if (isFull(error)) sleep(retryMs);
        else this.#isBroken = true;
        retries += 1;
      }
    }
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#inFlight !== undefined || this.#isEmpty()) return;
    this.#put(this.#take());
  }

  #put(block: Buffer): void {
    this.#inFlight = block;
    this.#writer.write(block, (error, written) => {
      if (error !== null && isFull(error)) {
        // Not written by another thread now: a last flush may write it.
        this.#inFlight = undefined;
        this.#stuck = block;
        this.#timer ??= setTimeout(() => this.#send(), retryMs);
      } else if (error !== null) {
        this.#isBroken = true;
        this.#take();
        this.#settle();
      } else if (written < block.length) {
        this.#put(block.subarray(written));
      } else {
        this.#inFlight = undefined;
        if (this.#isEmpty()) this.#settle();
        else this.#send();
      }
    });
  }

  #isEmpty(): boolean {
    return this.#heldChars === 0 && this.#stuck.length === 0;
  }

  #settle(): void {
    this.#inFlight = undefined;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #take(): Buffer {
    if (this.#dropped > 0) {
      const time = new Date().toISOString();
      const line = { level: 'warn', time, dropped: this.#dropped, event: 'log.lines-dropped' };
      this.#held.push(`${JSON.stringify(line)}\n`);
      this.#dropped = 0;
    }
    const text = Buffer.from(this.#held.join(''));
    const block = this.#stuck.length === 0 ? text : Buffer.concat([this.#stuck, text]);
    this.#stuck = Buffer.alloc(0);
    this.#held = [];
    this.#heldChars = 0;
    return block;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
