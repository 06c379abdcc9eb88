/** Lets a limited number of tasks run at once; others wait in line, up to a limit. */
export class Turns {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: Readonly<{ maxRunning: number; maxWaiting: number }>) {
    this.#maxRunning = limits.maxRunning;
    this.#maxWaiting = limits.maxWaiting;
  }

  /** Runs a task in its turn. Returns false, without running it, if too many wait. */
  async run(task: () => Promise<void>): Promise<boolean> {
    if (this.#running >= this.#maxRunning) {
      if (this.#waiting.length >= this.#maxWaiting) return false;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      await task();
    } finally {
      // The next one takes over this turn.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
    return true;
  }
}
