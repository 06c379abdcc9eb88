import { Fifo } from '@tidings/queues';
import type { RunEntry } from '../runs/run-entry.ts';

/** A run that waits for its handler, with its owner. */
export type QueuedRun = Readonly<{
  entry: RunEntry;
  /** Reads its state again; null if it is in memory. */
  load: () => Promise<void> | null;
  /**
   * Starts at most `free` attempts. Returns how many it started, and true if more could start. `onEnd` is called at the
   * end of each.
   */
  start: (free: number, onEnd: () => void) => Readonly<{ started: number; hasMore: boolean }>;
}>;

/** Runs of one handler that have something to do, first come, first served. At most `concurrency` attempts at one time. */
export class HandlerQueue {
  readonly #concurrency: number;
  readonly #queue = new Fifo<QueuedRun>();
  /** Those whose state was read again: it is their turn. */
  readonly #loaded = new Fifo<QueuedRun>();
  #inFlight = 0;
  #isPumping = false;
  #isStopped = false;
  #onIdle: () => void = () => {};

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get length(): number {
    return this.#queue.length + this.#loaded.length;
  }

  push(run: QueuedRun): void {
    if (run.entry.isQueued) return;
    run.entry.isQueued = true;
    this.#queue.push(run);
    this.#pump();
  }

  /** Starts nothing more. Resolves when no attempt is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (!this.#isStopped && this.#inFlight < this.#concurrency) {
      const next = this.#loaded.shift() ?? this.#queue.shift();
      if (next === undefined) break;
      const loading = next.load();
      if (loading !== null) {
        void this.#await(next, loading);
        continue;
      }
      next.entry.isQueued = false;
      const free = this.#concurrency - this.#inFlight;
      const { started, hasMore } = next.start(free, () => this.#end());
      this.#inFlight += started;
      if (hasMore) this.push(next);
    }
    this.#isPumping = false;
  }

  /** Keeps a place while a state is read. */
  async #await(run: QueuedRun, loading: Promise<void>): Promise<void> {
    this.#inFlight += 1;
    try {
      await loading;
      this.#loaded.push(run);
    } catch {
      // The partition was lost, and its runs with it.
      run.entry.isQueued = false;
    }
    this.#end();
  }

  #end(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#onIdle();
    this.#pump();
  }
}
