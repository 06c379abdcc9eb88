/**
 * Runs tasks side by side, those of one key one after the other in the order in which they were added. At most
 * `concurrency` run and `maxWaiting` wait.
 */
export class QueueByKey {
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #tails = new Map<string, Promise<void>>();
  readonly #wakers: (() => void)[] = [];
  #running = 0;
  #added = 0;
  #rooms: (() => void)[] = [];

  constructor({ concurrency, maxWaiting }: Readonly<{ concurrency: number; maxWaiting: number }>) {
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
  }

  /** Adds a task, which must not throw. Resolves when there is room for another one. */
  async add(key: string, task: () => Promise<void>): Promise<void> {
    this.#added += 1;
    const run = async (): Promise<void> => {
      await this.#enter();
      try {
        await task();
      } finally {
        this.#leave();
      }
    };
    const before = this.#tails.get(key);
    const mine = before === undefined ? run() : before.then(run);
    this.#tails.set(key, mine);
    void mine.finally(() => {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    });
    while (this.#added >= this.#concurrency + this.#maxWaiting)
      await new Promise<void>((resolve) => this.#rooms.push(resolve));
  }

  /** Resolves when every task has ended. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve) => this.#wakers.push(resolve));
  }

  #leave(): void {
    this.#added -= 1;
    const rooms = this.#rooms;
    this.#rooms = [];
    for (const room of rooms) room();
    // The next one takes over the place.
    const next = this.#wakers.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
