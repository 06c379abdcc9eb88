import type { Clock } from './clock.ts';

/** Options of a {@link PeriodicTask}. Times in milliseconds. */
export type PeriodicTaskOptions = Readonly<{
  clock: Clock;
  /** Delay before the first run. 0: it starts at once; `null`: not before `wake`. */
  firstMs: number | null;
  /** Pause between the end of a run and the start of the next. A function is called after each run. */
  everyMs: number | (() => number);
  /** Runs once. Must not throw: it reports its own failures. `isStopped`: its result is no longer needed. */
  run: (isStopped: () => boolean) => void | Promise<void>;
}>;

/**
 * Work that runs periodically: waiting ⇄ running, any → stopped. Runs never overlap. Not for a sweep that has a timer
 * only while something waits for it.
 */
export class PeriodicTask {
  readonly #options: PeriodicTaskOptions;
  #cancelTimer = (): void => {};
  #running: Promise<void> | undefined;
  #isRunRequested = false;
  #isStopped = false;

  constructor(options: PeriodicTaskOptions) {
    this.#options = options;
    if (options.firstMs === 0) this.wake();
    else if (options.firstMs !== null) this.#arm(options.firstMs);
  }

  /** Starts a run now; if one is in progress, another follows it. */
  wake(): void {
    if (this.#isStopped) return;
    this.#isRunRequested = true;
    if (this.#running !== undefined) return;
    this.#cancelTimer();
    this.#running = this.#run();
  }

  /** Starts no further run. Does not wait for one in progress. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  /** Starts no further run, and waits for the one in progress. */
  async close(): Promise<void> {
    this.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { run, everyMs } = this.#options;
    while (this.#isRunRequested && !this.#isStopped) {
      this.#isRunRequested = false;
      await run(() => this.#isStopped);
    }
    this.#running = undefined;
    this.#arm(typeof everyMs === 'number' ? everyMs : everyMs());
  }

  #arm(waitMs: number): void {
    if (!this.#isStopped) this.#cancelTimer = this.#options.clock.setTimer(() => this.wake(), waitMs);
  }
}

/**
 * Returns the milliseconds until the next multiple of `everyMs`, and one more period if that is almost reached. Tasks
 * that wait so run in the same moments and wake a process at rest less often.
 */
export function untilNextMultiple(everyMs: number, { monotonicMs }: Pick<Clock, 'monotonicMs'>): number {
  const leftMs = everyMs - (monotonicMs() % everyMs);
  // A timer may fire a fraction of a millisecond early.
  return Math.ceil(leftMs < everyMs / 10 ? leftMs + everyMs : leftMs);
}

/** Starts a {@link PeriodicTask} and returns the function that stops it; a run in progress is not awaited. */
export function runPeriodically(options: PeriodicTaskOptions): () => void {
  const task = new PeriodicTask(options);
  return () => task.stop();
}
