/** Tokens added per second, and the maximum kept. */
export type RateLimit = Readonly<{ perSecond: number; burst: number }>;

// Tokens are fractional doubles: without a tolerance, a wait that ends exactly now could find 0.999… of a token.
const tolerance = 1e-6;

/** A token bucket that starts full. Times are monotonic milliseconds; a time that goes back counts as no time. */
export class TokenBucket {
  readonly limit: RateLimit;
  #tokens: number;
  #filledMs: number;

  constructor(limit: RateLimit, nowMs: number) {
    this.limit = limit;
    this.#tokens = Math.max(1, limit.burst);
    this.#filledMs = nowMs;
  }

  #fill(nowMs: number): void {
    if (nowMs <= this.#filledMs) return;
    const flowed = ((nowMs - this.#filledMs) / 1_000) * this.limit.perSecond;
    this.#tokens = Math.min(Math.max(1, this.limit.burst), this.#tokens + flowed);
    this.#filledMs = nowMs;
  }

  /** Returns the time at which a token is available: `nowMs` if there is one. */
  readyAtMs(nowMs: number): number {
    this.#fill(nowMs);
    if (this.#tokens >= 1 - tolerance) return nowMs;
    return nowMs + ((1 - this.#tokens) / this.limit.perSecond) * 1_000;
  }

  take(nowMs: number): void {
    this.#fill(nowMs);
    this.#tokens -= 1;
  }
}
