import { Fifo } from '@tidings/queues';

/** Lets a bounded number go on at one time, in the order in which they came: `open → stopped`. */
export class Places {
  readonly #waiting = new Fifo<(isFree: boolean) => void>();
  #free: number;
  #isStopped = false;

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves with true when there is a place: call `leave` then. Resolves with false once it is stopped. */
  async enter(): Promise<boolean> {
    if (this.#isStopped) return false;
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
    return true;
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next(true);
  }

  /** Lets nobody in any more. */
  stop(): void {
    this.#isStopped = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next(false);
  }
}
