import type { Completion } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, messageOf, sleep } from '@tidings/runtime';

/** One record that waits to be written. */
export type WaitingRecord<M> = Readonly<{
  record: Readonly<{ timestampMs: number }>;
  message: M;
  completion: Completion;
}>;

/** One written batch. `oldestMs` is the log time of its oldest record. */
export type Written<R> = Readonly<{ records: number; tookMs: number; oldestMs: number; projected: R }>;

/**
 * Options for batching. `name` prefixes the log events. A batch is full, and is written at once, at half of
 * `batchRecords`. `finish` receives what is written, in order, and the time that the write took; by default it is done.
 */
export type ProjectorOptions<M, R, W extends WaitingRecord<M> = WaitingRecord<M>> = Readonly<{
  name: string;
  project: (records: readonly M[]) => Promise<R>;
  finish?: (written: readonly W[], tookMs: number) => void;
  batchRecords: number;
  /** A batch is full as well when `records` of it are of one source: where a source pauses while so many of its records wait. */
  fullOfOne?: Readonly<{ sourceOf: (message: M) => number; records: number }>;
  /** Called for each wait where it changes. */
  intervalMs: number | (() => number);
  clock: Clock;
  logger: Logger;
  onWritten: (written: Written<R>) => void;
  onFailed: (reason: string, tookMs: number) => void;
}>;

// Waiting records are written as soon as MongoDB is available again; an attempt against an unavailable one costs
// little.
const retry = { baseMs: 250, maxMs: 2_000, random: Math.random };

/** Number of intervals without a write after which the next record is written at once. */
const idleIntervals = 2;

/**
 * Collects records and writes them, one batch at a time. A single record is written at once. A stream is written in
 * batches at the multiples of the interval, because a write costs MongoDB about the same for one document as for fifty,
 * and because projectors that write at the same time share its commit. A failed write is repeated until it succeeds: no
 * record is done before it is stored, so the partitions pause by themselves when enough records wait.
 *
 *   idle ──add──▶ writing ──ok──▶ idle | waiting (for the interval) ──▶ writing
 *                   └─failed─▶ backing off ──▶ writing            any ──close──▶ closed
 */
export class BatchProjector<M, R, W extends WaitingRecord<M> = WaitingRecord<M>> {
  readonly #options: ProjectorOptions<M, R, W>;
  readonly #closing = new AbortController();
  #queue: W[] = [];
  #writing: readonly W[] = [];
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  #isHurried = false;
  /** The records of the queue by source. */
  readonly #bySource = new Map<number, number>();

  constructor(options: ProjectorOptions<M, R, W>) {
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

  add(records: readonly W[]): void {
    for (const record of records) this.#queue.push(record);
    this.#countSources(records);
    this.#schedule();
  }

  /** Writes what waits, and from now on every record, without waiting for the interval: their partitions close. */
  hurry(): void {
    this.#isHurried = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#schedule();
  }

  /** Drops unwritten records: the next owner of their partition reads them again. */
  close(): void {
    this.#closing.abort();
    this.#cancelTimer?.();
    this.#queue = [];
  }

  #intervalMs(): number {
    const { intervalMs } = this.#options;
    return typeof intervalMs === 'number' ? intervalMs : intervalMs();
  }

  #countSources(records: readonly W[]): void {
    const { fullOfOne } = this.#options;
    if (fullOfOne === undefined) return;
    for (const { message } of records) {
      const source = fullOfOne.sourceOf(message);
      this.#bySource.set(source, (this.#bySource.get(source) ?? 0) + 1);
    }
  }

  #isFull(): boolean {
    const { batchRecords, fullOfOne } = this.#options;
    if (this.#queue.length * 2 >= batchRecords) return true;
    return fullOfOne !== undefined && Math.max(...this.#bySource.values()) >= fullOfOne.records;
  }

  #schedule(): void {
    const { clock } = this.#options;
    if (this.#closing.signal.aborted || this.#writing.length > 0 || this.#queue.length === 0) return;
    const nowMs = clock.monotonicMs();
    const intervalMs = this.#intervalMs();
    const isIdle = this.#isHurried || nowMs - this.#lastStartMs >= idleIntervals * intervalMs;
    const waitMs = isIdle ? 0 : intervalMs - (nowMs % intervalMs);
    if (waitMs === 0 || this.#isFull()) {
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
      void this.#write();
    } else {
      this.#cancelTimer ??= clock.setTimer(() => {
        this.#cancelTimer = undefined;
        void this.#write();
      }, waitMs);
    }
  }

  async #write(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    const batch = this.#queue.splice(0, this.#options.batchRecords);
    this.#bySource.clear();
    this.#countSources(this.#queue);
    this.#writing = batch;
    const records = batch.map(({ message }) => message);
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      if (await this.#tryToWrite(batch, records)) break;
      await sleep(clock, backoffMs({ attempt, ...retry }), signal);
    }
    this.#writing = [];
    this.#schedule();
  }

  async #tryToWrite(batch: readonly W[], records: readonly M[]): Promise<boolean> {
    const { name, project, finish = finishAll, clock, logger, onWritten, onFailed } = this.#options;
    this.#lastStartMs = clock.monotonicMs();
    const tookMs = () => clock.monotonicMs() - this.#lastStartMs;
    try {
      const projected = await project(records);
      finish(batch, tookMs());
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

const finishAll = (written: readonly WaitingRecord<unknown>[]): void => {
  for (const { completion } of written) completion.done();
};

const oldestOf = (waiting: readonly WaitingRecord<unknown>[]): number | undefined => {
  let oldestMs: number | undefined;
  for (const { record } of waiting) oldestMs = Math.min(oldestMs ?? Infinity, record.timestampMs);
  return oldestMs;
};
