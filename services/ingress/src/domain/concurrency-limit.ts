/** Bounds of the limit, in units of admission, and the wait that it aims at, in milliseconds. */
export type LimitBounds = Readonly<{ least: number; most: number; targetMs: number }>;

/** The present moment: monotonic milliseconds, and the units in progress. */
export type LimitMoment = Readonly<{ nowMs: number; inProgress: number }>;

// Long enough for a hundred answers at a thousand a second, short enough that a queue cannot grow for long.
const windowMs = 100;
const fewAnswers = 20;
const longestWindowMs = 1_000;
// A log that pauses for less than this, as at the election of a leader, only makes its callers wait.
const stalledMs = 1_000;

// Nine of ten answers are to stay below the target: between the two shares the limit stays as it is.
const highLateShare = 0.1;
const lowLateShare = 0.05;
const growth = 1.1;

/**
 * The number of units that may be in progress at once, which follows the waits of answered requests: it falls while more
 * than a tenth of them are longer than the target, from what was really in progress, and rises while hardly any is. Between
 * `least` and `most`; begins with `most`.
 */
export class ConcurrencyLimit {
  readonly #bounds: LimitBounds;
  #value: number;
  #beganMs = -Infinity;
  #answers = 0;
  #late = 0;
  #sumMs = 0;
  #peak = 0;
  #progressMs = -Infinity;
  #wasLate = false;

  constructor(bounds: LimitBounds) {
    this.#bounds = bounds;
    this.#value = bounds.most;
  }

  /** The limit now. */
  get value(): number {
    return this.#value;
  }

  /** Notes that a request arrives while `waiting` others wait for the log. Lowers the limit if none of them gets an answer. */
  arrived({ nowMs, inProgress }: LimitMoment, waiting: number): void {
    if (waiting === 0) this.#progressMs = nowMs;
    if (nowMs - this.#progressMs < stalledMs) return;
    this.#lower(inProgress, 0.5);
    this.#progressMs = nowMs - stalledMs + windowMs;
  }

  /** Adds the wait of a request that was answered, in milliseconds. */
  answered(waitMs: number, { nowMs, inProgress }: LimitMoment): void {
    this.#progressMs = nowMs;
    if (this.#answers === 0) this.#beganMs = nowMs;
    this.#answers += 1;
    this.#sumMs += waitMs;
    this.#peak = Math.max(this.#peak, inProgress);
    if (waitMs > this.#bounds.targetMs) this.#late += 1;
    const ageMs = nowMs - this.#beganMs;
    if (ageMs < windowMs || (this.#answers < fewAnswers && ageMs < longestWindowMs)) return;
    this.#adapt();
    this.#answers = 0;
    this.#late = 0;
    this.#sumMs = 0;
    this.#peak = 0;
  }

  #adapt(): void {
    const lateShare = this.#late / this.#answers;
    const meanMs = this.#sumMs / this.#answers;
    const isLate = lateShare > highLateShare;
    const isStanding = isLate && this.#wasLate;
    this.#wasLate = isLate;
    // By Little's law the wait is in proportion to what is in progress. One late window is a pause, after which the queue drains.
    if (isStanding) this.#lower(this.#peak, Math.min(0.9, Math.max(0.5, this.#bounds.targetMs / meanMs)));
    else if (lateShare < lowLateShare) this.#value = Math.min(this.#bounds.most, this.#value * growth + 1);
  }

  // From what was in progress: a limit that was never reached would take many steps until it has an effect.
  #lower(inProgress: number, factor: number): void {
    this.#value = Math.max(this.#bounds.least, Math.min(this.#value, inProgress) * factor);
  }
}
