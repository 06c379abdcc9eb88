/**
 * closed ──trouble: 5 in a row, or half of the recent ones──▶ open ──time──▶ half-open
 *   ▲                                                          ▲                │ │
 *   │                                                          └──── trouble ───┘ │
 *   └──────────────────────────────── success ────────────────────────────────────┘
 *
 * closed: requests go out. open: none for a while, twice as long at each failed probe. half-open: one at a time, each
 * of them a probe. Time alone does nothing: whether an open breaker is due for a probe is asked when a command comes,
 * so a thousand of them cost nothing while nothing comes.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** What a breaker says to a command that is due. */
export type Admission = Readonly<{ kind: 'go' } | { kind: 'probe' } | { kind: 'wait'; waitMs: number }>;

const go: Admission = { kind: 'go' };
const probe: Admission = { kind: 'probe' };

/** When a breaker opens and for how long. */
export const breakerRules = {
  /** Timeouts count twice. */
  consecutiveFailures: 5,
  /** Of at least this much recent trouble … */
  minRecentFailures: 10,
  /** … this part. */
  failureRatio: 0.5,
  /** A request counts half after this long. */
  halfLifeMs: 30_000,
  firstOpenMs: 10_000,
  maxOpenMs: 300_000,
} as const;

/** The breaker of one endpoint. Times are monotonic milliseconds. */
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

  /** True when it remembers nothing: it could as well be forgotten. */
  get isBlank(): boolean {
    return this.#state === 'closed' && this.#consecutive === 0;
  }

  /** True when the last request brought trouble, or it is not closed: what was learnt of the endpoint before may be over. */
  get isFailing(): boolean {
    return this.#state !== 'closed' || this.#consecutive > 0;
  }

  /** For how long it has not been closed. */
  brokenMs(nowMs: number): number {
    return this.#state === 'closed' ? 0 : nowMs - this.#brokenSinceMs;
  }

  /** May a command go out? An open breaker whose time is up becomes half-open by being asked. */
  admit(nowMs: number): Admission {
    if (this.#state === 'closed') return go;
    if (this.#state === 'open') {
      if (nowMs < this.#openUntilMs) return { kind: 'wait', waitMs: this.#openUntilMs - nowMs };
      this.#state = 'half-open';
    }
    return probe;
  }

  /** A person asked for this request: it goes out whatever the state, and is a probe. */
  admitAnyway(): Admission {
    if (this.#state === 'closed') return go;
    this.#state = 'half-open';
    return probe;
  }

  /** One request has ended; 0 trouble is a success. True when the state changed. */
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
