import { MinHeap } from '@tidings/queues';
import type { Clock } from '@tidings/runtime';
import type { RunEntry } from './run-entry.ts';

/** The wall clock may step while a timer runs. */
const longestTimerMs = 60_000;
/** Times that were replaced or removed, beside as many as there are runs. */
const maxReplaced = 1_000;

/** Runs that wait for a time: one heap and one timer, however many wait. */
export class DueRuns {
  readonly #heap = new MinHeap<RunEntry>();
  readonly #clock: Clock;
  readonly #onDue: (entry: RunEntry) => void;
  #cancelTimer: () => void = () => {};
  #armedForMs = Infinity;
  /** Number of runs that have a time. */
  #runs = 0;
  #isClosed = false;

  constructor(clock: Clock, onDue: (entry: RunEntry) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Number of times in memory, those included that were replaced or removed and not yet dropped. */
  get size(): number {
    return this.#heap.size;
  }

  /** Sets the time of a run, in place of an earlier one. `atMs`: epoch milliseconds. */
  add(entry: RunEntry, atMs: number): void {
    if (this.#isClosed || entry.dueMs === atMs) return;
    if (entry.dueMs === null) this.#runs += 1;
    entry.dueMs = atMs;
    this.#heap.push(atMs, entry);
    this.#dropReplaced();
    if (atMs < this.#armedForMs) this.#arm();
  }

  /** Removes the time of a run. */
  remove(entry: RunEntry): void {
    if (entry.dueMs === null) return;
    entry.dueMs = null;
    this.#runs -= 1;
    this.#dropReplaced();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
  }

  /** Times may be a year away: what has none any more would stay until then. */
  #dropReplaced(): void {
    if (this.#heap.size <= 2 * this.#runs + maxReplaced) return;
    const kept = new Set<RunEntry>();
    this.#heap.retain(({ at, item }) => {
      if (item.dueMs !== at || kept.has(item)) return false;
      kept.add(item);
      return true;
    });
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
      this.#runs -= 1;
      this.#onDue(head.item);
    }
    this.#arm();
  }
}
