/**
 * States of a circuit breaker:
 *
 *   closed ──failure: 5 in a row, or half of the recent ones──▶ open ──time──▶ half-open
 *     ▲                                                          ▲                │ │
 *     │                                                          └──── failure ───┘ │
 *     └──────────────────────────────── success ────────────────────────────────────┘
 *
 * closed: requests are sent. open: no requests for a period that doubles with each failed probe. half-open:
 * one request at a time, each of them a probe. The state does not change by time alone: an open breaker is
 * checked for a due probe when a command arrives, so a thousand idle breakers cost nothing.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** The breaker's decision on a command that is due. */
export type Admission = Readonly<{ kind: 'go' } | { kind: 'probe' } | { kind: 'wait'; waitMs: number }>;

const go: Admission = { kind: 'go' };
const probe: Admission = { kind: 'probe' };

/** Thresholds and durations of a breaker. */
export const breakerRules = {
  /** Consecutive failures that open the breaker. Timeouts count twice. */
  consecutiveFailures: 5,
  /** Minimum recent failure weight for `failureRatio` to apply. */
  minRecentFailures: 10,
  /** Ratio of recent failures that opens the breaker. */
  failureRatio: 0.5,
  /** Time after which a request counts half. */
  halfLifeMs: 30_000,
  firstOpenMs: 10_000,
  maxOpenMs: 300_000,
} as const;

/** The circuit breaker of one endpoint. Times are monotonic milliseconds. */
export class CircuitBreaker {
  #state: BreakerState = 'closed';
  #consecutive = 0;
  #failureWeight = 0;
  #requests = 0;
  #decayedMs = 0;
  #openMs = 0;
  #openUntilMs = 0;
  #brokenSinceMs = 0;

  get state(): BreakerState {
    return this.#state;
  }

  /** True when the breaker holds no information and can be discarded. */
  get isBlank(): boolean {
    return this.#state === 'closed' && this.#consecutive === 0;
  }

  /**
   * True when the last request failed or the breaker is not closed: earlier
   * measurements of the endpoint may be outdated.
   */
  get isFailing(): boolean {
    return this.#state !== 'closed' || this.#consecutive > 0;
  }

  /** Returns how long the breaker has not been closed. */
  brokenMs(nowMs: number): number {
    return this.#state === 'closed' ? 0 : nowMs - this.#brokenSinceMs;
  }

  /** Returns how long the breaker has not been closed, and how long it stays open. */
  outage(nowMs: number): Readonly<{ brokenMs: number; waitMs: number }> {
    const waitMs = this.#state === 'open' ? Math.max(0, this.#openUntilMs - nowMs) : 0;
    return { brokenMs: this.brokenMs(nowMs), waitMs };
  }

  /** Decides on a command that is due. Moves an open breaker whose time is over to half-open. */
  admit(nowMs: number): Admission {
    if (this.#state === 'closed') return go;
    if (this.#state === 'open') {
      if (nowMs < this.#openUntilMs) return { kind: 'wait', waitMs: this.#openUntilMs - nowMs };
      this.#state = 'half-open';
    }
    return probe;
  }

  /** Admits a manual request whatever the state. Unless the breaker is closed, the request is a probe. */
  admitAnyway(): Admission {
    if (this.#state === 'closed') return go;
    this.#state = 'half-open';
    return probe;
  }

  /** Records one ended request; a failure weight of 0 is a success. Returns true when the state has changed. */
  record(failureWeight: number, nowMs: number): boolean {
    const before = this.#state;
    const isFailure = failureWeight > 0;
    this.#count(failureWeight, nowMs);
    if (this.#state === 'half-open') {
      if (isFailure) this.#open(nowMs);
      else this.#close();
    } else if (this.#state === 'closed' && isFailure && this.#exceedsThreshold()) this.#open(nowMs);
    return this.#state !== before;
  }

  #count(failureWeight: number, nowMs: number): void {
    this.#consecutive = failureWeight > 0 ? this.#consecutive + failureWeight : 0;
    const decay = 0.5 ** (Math.max(0, nowMs - this.#decayedMs) / breakerRules.halfLifeMs);
    this.#decayedMs = nowMs;
    this.#requests = this.#requests * decay + Math.max(failureWeight, 1);
    this.#failureWeight = this.#failureWeight * decay + failureWeight;
  }

  #exceedsThreshold(): boolean {
    if (this.#consecutive >= breakerRules.consecutiveFailures) return true;
    return (
      this.#failureWeight >= breakerRules.minRecentFailures &&
      this.#failureWeight >= this.#requests * breakerRules.failureRatio
    );
  }

  #open(nowMs: number): void {
    if (this.#openMs === 0) this.#brokenSinceMs = nowMs;
    this.#state = 'open';
    this.#openMs = Math.min(Math.max(this.#openMs * 2, breakerRules.firstOpenMs), breakerRules.maxOpenMs);
    this.#openUntilMs = nowMs + this.#openMs;
  }

  #close(): void {
    this.#state = 'closed';
    this.#openMs = 0;
    this.#consecutive = 0;
    this.#failureWeight = 0;
    this.#requests = 0;
  }
}
