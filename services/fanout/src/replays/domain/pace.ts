/**
 * A rate limit with small bursts: a tenth of a second's worth, so that what is sent is spread over each second. Times
 * are monotonic milliseconds.
 */
export class Pace {
  #everyMs = 0;
  #burstMs = 0;
  #nextMs = -Infinity;

  constructor(perSecond: number) {
    this.change(perSecond);
  }

  /** Changes the rate from now on. */
  change(perSecond: number): void {
    this.#everyMs = 1_000 / perSecond;
    this.#burstMs = Math.max(0, 100 - this.#everyMs);
  }

  /** Returns the time until the next one is allowed; 0 for now. */
  delayMs(nowMs: number): number {
    return Math.max(0, this.#nextMs - this.#burstMs - nowMs);
  }

  take(nowMs: number): void {
    this.#nextMs = Math.max(this.#nextMs, nowMs) + this.#everyMs;
  }
}
