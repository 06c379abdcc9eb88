import type { Clock } from '@tidings/runtime';

/** Options of a {@link CommitTimer}. */
export type CommitTimerOptions = Readonly<{
  clock: Clock;
  /** Milliseconds between a start or the end of a commit, and the next commit. */
  everyMs: number;
  /** Commits what is done. Never rejects. */
  commit: () => Promise<void>;
  /** Returns true if no record is in progress and every finished one is committed. */
  isSettled: () => boolean;
}>;

/** Commits periodically from `start` until everything is settled: a group at rest has no timer. */
export class CommitTimer {
  readonly #options: CommitTimerOptions;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: CommitTimerOptions) {
    this.#options = options;
  }

  /** Call when records have arrived or a position has moved. */
  start(): void {
    if (this.#cancel !== undefined || this.#isStopped) return;
    const { clock, everyMs } = this.#options;
    this.#cancel = clock.setTimer(() => void this.#run(), everyMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  async #run(): Promise<void> {
    const { commit, isSettled } = this.#options;
    await commit();
    this.#cancel = undefined;
    if (!isSettled()) this.start();
  }
}
