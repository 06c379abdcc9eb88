import { Fifo } from '@tidings/queues';

/** Lets one at a time go on, in the order in which they came: `open → stopped`. */
export class OneAtATime {
  readonly #waiting = new Fifo<(isFree: boolean) => void>();
  #isTaken = false;
  #isStopped = false;

  /** Resolves with true when it is free: call `leave` then. Resolves with false once it is stopped. */
  async enter(): Promise<boolean> {
    if (this.#isStopped) return false;
    if (this.#isTaken) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#isTaken = true;
    return true;
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTaken = false;
    else next(true);
  }

  /** Lets nobody in any more. */
  stop(): void {
    this.#isStopped = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next(false);
  }
}
