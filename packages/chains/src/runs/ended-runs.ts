import { Fifo } from '@tidings/queues';
import type { Clock } from '@tidings/runtime';
import type { RunEntry } from './run-entry.ts';

const minuteMs = 60_000;
/** Time for which a run that completed or was cancelled recognises a repeat of its event. */
const endedKeptMs = 10 * minuteMs;
/** Time for which a failed run can be retried: 30 days. */
const failedKeptMs = 30 * 24 * 60 * minuteMs;
// Of each partition.
const maxEnded = 20_000;
const maxFailed = 50_000;

const forgottenAt = ({ endedAtMs }: RunEntry): number => (endedAtMs ?? 0) + failedKeptMs;

type Options = Readonly<{
  clock: Clock;
  /** Largest number of failed runs of the partition. Default 50,000. */
  maxFailed?: number;
  /** Forgets a run, and removes its record. */
  expire: (entry: RunEntry) => void;
  /** Calls `onDue` at a time. */
  addDue: (entry: RunEntry, atMs: number) => void;
  /** Called for a failed run that is forgotten although its time has not passed. */
  onFailedLeftOut: (entry: RunEntry) => void;
}>;

/** The runs of one partition that have ended, for as long as they are needed. */
export class EndedRuns {
  readonly #options: Options;
  /** Those that completed or were cancelled, oldest first. */
  readonly #done = new Fifo<RunEntry>();
  /** Oldest first. */
  readonly #failed = new Set<RunEntry>();
  /** The one at whose time the oldest are looked at: one at a time, however many have failed. */
  #armed: RunEntry | undefined;
  #isSettled = false;

  constructor(options: Options) {
    this.#options = options;
  }

  add(entry: RunEntry): void {
    if (entry.status === 'failed') {
      this.#failed.add(entry);
      this.#arm();
    } else this.#done.push(entry);
    this.#forget();
  }

  /** Notes that a failed run is retried. */
  remove(entry: RunEntry): void {
    this.#failed.delete(entry);
    if (this.#armed !== entry) return;
    this.#armed = undefined;
    this.#arm();
  }

  /** Notes that the records of older epochs are void: from now on runs are forgotten. */
  settled(): void {
    this.#isSettled = true;
    this.#forget();
  }

  /** Forgets failed runs whose time has passed. */
  onDue(entry: RunEntry): void {
    if (this.#armed === entry) this.#armed = undefined;
    const { clock, expire } = this.#options;
    if (this.#isSettled) {
      for (const oldest of this.#failed) {
        if (forgottenAt(oldest) > clock.nowMs()) break;
        this.#failed.delete(oldest);
        expire(oldest);
      }
    }
    this.#arm();
  }

  #arm(): void {
    const [oldest] = this.#failed;
    if (this.#armed !== undefined || oldest === undefined) return;
    this.#armed = oldest;
    const { addDue, clock } = this.#options;
    addDue(oldest, Math.max(forgottenAt(oldest), clock.nowMs() + minuteMs));
  }

  #forget(): void {
    // A state of an older epoch would count again, in which the run has not ended.
    if (!this.#isSettled) return;
    const { clock, expire, onFailedLeftOut, maxFailed: most = maxFailed } = this.#options;
    const oldestMs = clock.nowMs() - endedKeptMs;
    for (let head = this.#done.peek(); head !== undefined; head = this.#done.peek()) {
      if ((head.endedAtMs ?? 0) > oldestMs && this.#done.length <= maxEnded) break;
      this.#done.shift();
      expire(head);
    }
    for (const oldest of this.#failed) {
      if (this.#failed.size <= most) return;
      this.#failed.delete(oldest);
      onFailedLeftOut(oldest);
      expire(oldest);
    }
  }
}
