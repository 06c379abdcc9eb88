import { MinHeap } from '@tidings/queues';
import type { Clock } from '@tidings/runtime';
import type { RunEntry } from './run-entry.ts';

/** The wall clock may step while a timer runs. */
const longestTimerMs = 60_000;

/** Runs that wait for a time: one heap and one timer, however many wait. */
export class DueRuns {
  readonly #heap = new MinHeap<RunEntry>();
  readonly #clock: Clock;
  readonly #onDue: (entry: RunEntry) => void;
  #cancelTimer: () => void = () => {};
  #armedForMs = Infinity;
  #isClosed = false;

  constructor(clock: Clock, onDue: (entry: RunEntry) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Sets the time of a run, in place of an earlier one. `atMs`: epoch milliseconds. */
  add(entry: RunEntry, atMs: number): void {
    if (this.#isClosed || entry.dueMs === atMs) return;
    entry.dueMs = atMs;
    this.#heap.push(atMs, entry);
    if (atMs < this.#armedForMs) this.#arm();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
  }

  #arm(): void {
    this.#cancelTimer();
    const head = this.#heap.peek();
    this.#armedForMs = head?.at ?? Infinity;
    if (head === undefined || this.#isClosed) return;
    const waitMs = Math.min(Math.max(0, head.at - this.#clock.nowMs()), longestTimerMs);
    this.#cancelTimer = this.#clock.setTimer(() => this.#fire(), waitMs);
  }

  #fire(): void {
    const nowMs = this.#clock.nowMs();
    for (let head = this.#heap.peek(); head !== undefined && head.at <= nowMs; head = this.#heap.peek()) {
      this.#heap.pop();
      // Its time may have been replaced since.
      if (head.item.dueMs !== head.at) continue;
      head.item.dueMs = null;
      this.#onDue(head.item);
    }
    this.#arm();
  }
}
