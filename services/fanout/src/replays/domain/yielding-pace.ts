import { Pace } from './pace.ts';

const measureMs = 250;
// At half of its time a process delays live events by little more than without replays; the delay grows with 1 / (1 − u).
const busy = 0.65;
const idle = 0.55;
const slower = 0.7;
const faster = 1.1;
// What replays keep on a process that live events alone make busy.
const leastShare = 1 / 20;

/**
 * The rate of all replays of a process, which yields to its live work: it falls while the process is busy, and rises to
 * the maximum while it is not. Live events and replays share the time of one thread, and in the default form delivery
 * and the other services do too. On a machine that is short of CPU a process is busy with less work of its own.
 */
export class YieldingPace {
  readonly #max: number;
  readonly #utilization: () => number;
  readonly #pace: Pace;
  #perSecond: number;
  #measuredMs = -Infinity;

  /** `utilization`: the share of its time, 0 to 1, for which the process was busy since the last call. */
  constructor(maxPerSecond: number, utilization: () => number) {
    this.#max = maxPerSecond;
    this.#utilization = utilization;
    // It begins low: a high one would delay live events before the first measurement.
    this.#perSecond = Math.max(1, maxPerSecond / 4);
    this.#pace = new Pace(this.#perSecond);
  }

  /** Commands a second that are allowed now. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Returns the time until the next command is allowed; 0 for now. */
  delayMs(nowMs: number): number {
    if (nowMs - this.#measuredMs >= measureMs) this.#measure(nowMs);
    return this.#pace.delayMs(nowMs);
  }

  take(nowMs: number): void {
    this.#pace.take(nowMs);
  }

  #measure(nowMs: number): void {
    const isFirst = this.#measuredMs === -Infinity;
    this.#measuredMs = nowMs;
    const share = this.#utilization();
    // The first value covers all the time before the replay.
    if (isFirst || (share > idle && share < busy)) return;
    const wanted = this.#perSecond * (share >= busy ? slower : faster);
    this.#perSecond = Math.min(this.#max, Math.max(this.#max * leastShare, wanted));
    this.#pace.change(this.#perSecond);
  }
}
