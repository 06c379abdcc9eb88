import { AppError, type Clock } from '@tidings/runtime';

/** Options of {@link GroupCommit}. `write` resolves when the disk has the payloads; `maxBytes` may wait for it. */
export type GroupCommitOptions = Readonly<{
  write: (payloads: readonly Buffer[]) => Promise<void>;
  onIdle: () => void;
  maxBytes: number;
  deadlineMs: number;
  clock: Clock;
}>;

/** Payloads that are written together. `onDropped` is called if they are not in the spool. */
export type Appended = Readonly<{ payloads: readonly Buffer[]; bytes: number; onDropped: () => void }>;

type Waiting = Appended & { resolve: () => void; reject: (error: AppError) => void; cancel: () => void };

const commitBytes = 4 * 1024 * 1024;
const retryAfterMs = 2_000;

/** Writes what arrives to the disk, one write after the other: what arrives during a write shares the next. */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #committing: Promise<void> | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Bytes that the disk does not have yet. */
  get bytes(): number {
    return this.#bytes;
  }

  get isIdle(): boolean {
    return this.#committing === undefined;
  }

  /**
   * Resolves when the disk has the payloads. Rejects with `unavailable` if it fails, too much waits for it, or it has not
   * answered at the deadline: what is being written then counts, and may be there.
   */
  async append(appended: Appended): Promise<void> {
    const { clock, deadlineMs, maxBytes } = this.#options;
    if (!this.isIdle && this.#bytes + appended.bytes > maxBytes) {
      appended.onDropped();
      throw diskFails(`${this.#bytes} bytes wait for the disk`);
    }
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.setTimer(() => this.#giveUp(waiting, deadlineMs), deadlineMs);
      const waiting = { ...appended, resolve, reject, cancel };
      this.#waiting.push(waiting);
      this.#bytes += appended.bytes;
      this.#committing ??= this.#commit();
    });
  }

  /** Resolves when nothing waits. */
  async settle(): Promise<void> {
    await this.#committing;
  }

  #giveUp(waiting: Waiting, deadlineMs: number): void {
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      this.#bytes -= waiting.bytes;
      waiting.onDropped();
    }
    waiting.reject(diskFails(`no answer within ${deadlineMs} ms`));
  }

  async #commit(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        await this.#options.write(batch.flatMap(({ payloads }) => payloads));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject, onDropped } of batch) {
          onDropped();
          reject(diskFails(error));
        }
      }
      for (const { bytes, cancel } of batch) {
        cancel();
        this.#bytes -= bytes;
      }
    }
    this.#committing = undefined;
    this.#options.onIdle();
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    const count = this.#waiting.findIndex((one) => {
      bytes += one.bytes;
      return bytes > commitBytes;
    });
    // The first is written whatever its size.
    return this.#waiting.splice(0, count < 0 ? this.#waiting.length : Math.max(1, count));
  }
}

const diskFails = (cause: unknown): AppError => {
  const message = 'The log does not acknowledge, and the disk of the spool fails.';
  return new AppError({ code: 'unavailable', message, isPublic: true, retryAfterMs, cause });
};
