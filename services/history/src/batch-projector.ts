import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, messageOf, sleep } from '@tidings/runtime';

/** One record that waits to be written; `done` is called once it is. */
export type WaitingRecord<M> = Readonly<{
  record: Readonly<{ timestampMs: number }>;
  message: M;
  done(): void;
}>;

/** One written batch. `oldestMs` is the log time of its oldest record. */
export type Written<R> = Readonly<{ records: number; tookMs: number; oldestMs: number; projected: R }>;

/**
 * Options for batching. `name` prefixes the log events. A batch is full, and is written at once, at half of
 * `batchRecords`.
 */
export type ProjectorOptions<M, R> = Readonly<{
  name: string;
  project: (records: readonly M[]) => Promise<R>;
  batchRecords: number;
  intervalMs: number;
  clock: Clock;
  logger: Logger;
  onWritten: (written: Written<R>) => void;
  onFailed: (reason: string, tookMs: number) => void;
}>;

// Waiting records are written as soon as MongoDB is available again; an attempt against an unavailable one costs
// little.
const retry = { baseMs: 250, maxMs: 2_000, random: Math.random };

/**
 * Collects records and writes them, one batch at a time. A single record is written at once; a stream is written in
 * batches, at most one per interval, because a write costs MongoDB about the same for one document as for fifty. A
 * failed write is repeated until it succeeds: no record is done before it is stored, so the partitions pause by
 * themselves when enough records wait.
 *
 *   idle ──add──▶ writing ──ok──▶ idle | waiting (for the interval) ──▶ writing
 *                   └─failed─▶ backing off ──▶ writing            any ──close──▶ closed
 */
export class BatchProjector<M, R> {
  readonly #options: ProjectorOptions<M, R>;
  readonly #closing = new AbortController();
  #queue: WaitingRecord<M>[] = [];
  #writing: readonly WaitingRecord<M>[] = [];
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(options: ProjectorOptions<M, R>) {
    this.#options = options;
  }

  /** The number of records not written yet. */
  get waiting(): number {
    return this.#queue.length + this.#writing.length;
  }

  /** The log time of the oldest record not written yet; undefined if there is none. */
  get oldestWaitingMs(): number | undefined {
    return oldestOf([...this.#writing, ...this.#queue]);
  }

  add(records: readonly WaitingRecord<M>[]): void {
    for (const record of records) this.#queue.push(record);
    this.#schedule();
  }

  /** Drops unwritten records: the next owner of their partition reads them again. */
  close(): void {
    this.#closing.abort();
    this.#cancelTimer?.();
    this.#queue = [];
  }

  #schedule(): void {
    const { batchRecords, intervalMs, clock } = this.#options;
    if (this.#closing.signal.aborted || this.#writing.length > 0 || this.#queue.length === 0) return;
    const waitMs = this.#lastStartMs + intervalMs - clock.monotonicMs();
    if (waitMs <= 0 || this.#queue.length * 2 >= batchRecords) {
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
      void this.#write();
    } else {
      this.#cancelTimer ??= clock.setTimer(() => {
        this.#cancelTimer = undefined;
        this.#schedule();
      }, waitMs);
    }
  }

  async #write(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    const batch = this.#queue.splice(0, this.#options.batchRecords);
    this.#writing = batch;
    const records = batch.map(({ message }) => message);
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      if (await this.#tryToWrite(batch, records)) break;
      await sleep(clock, backoffMs({ attempt, ...retry }), signal);
    }
    this.#writing = [];
    this.#schedule();
  }

  async #tryToWrite(batch: readonly WaitingRecord<M>[], records: readonly M[]): Promise<boolean> {
    const { name, project, clock, logger, onWritten, onFailed } = this.#options;
    this.#lastStartMs = clock.monotonicMs();
    const tookMs = () => clock.monotonicMs() - this.#lastStartMs;
    try {
      const projected = await project(records);
      for (const item of batch) item.done();
      const oldestMs = oldestOf(batch) ?? clock.nowMs();
      onWritten({ records: records.length, tookMs: tookMs(), oldestMs, projected });
      return true;
    } catch (error) {
      const detail = messageOf(error);
      logger.warn({ records: records.length, tookMs: Math.round(tookMs()), detail }, `${name}.not-written`);
      onFailed(detail, tookMs());
      return false;
    }
  }
}

const oldestOf = (waiting: readonly WaitingRecord<unknown>[]): number | undefined => {
  let oldestMs: number | undefined;
  for (const { record } of waiting) oldestMs = Math.min(oldestMs ?? Infinity, record.timestampMs);
  return oldestMs;
};
