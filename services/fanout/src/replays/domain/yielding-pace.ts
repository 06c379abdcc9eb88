import { Pace } from './pace.ts';

/** The ages of live events that were accepted just before a pause, and in it. */
type Pause = Readonly<{ startMs: number; beside: number[]; alone: number[] }>;

const sendingMs = 3_000;
const pausedMs = 600;
const cycleMs = sendingMs + pausedMs;
// What was sent just before a pause is still under way at its beginning.
const settleMs = 150;
const comparedMs = pausedMs - settleMs;
const rememberedPauses = 3;
// A replay that is resumed soon goes on at its rate, and with what it knows.
const rememberedMs = 60_000;
const enough = 10;
const maxCarried = 5;
const maxSamples = 2_000;
const share = 0.75;
const slackMs = 2;
const weight = 0.15;
// Of one comparison: chance makes ratios of any size.
const maxEffect = Math.log(2);
// Live events may take so much longer, on average.
const allowed = 0.06;
// The rate changes by as much as the effect differs from that: steps of one size keep it swinging between too much and
// too little, and the tail of the ages is that of the times of too much.
const gain = { down: 3, up: 2 };
const step = { down: 0.7, up: 1.2 };
// Live events that wait for so long are a backlog, which outlasts a pause: comparing says nothing then.
const backlogMs = 300;
// All have to wait for so long: some may only come from a machine with another clock.
const newest = { ms: 500, count: 30 };
// Clocks are set, and one machine replaces another: about 45 s later the least age is that of now.
const leastCycles = 12;
// What replays keep where they delay live events at any rate.
const leastShare = 1 / 10;

/**
 * The rate of all replays of a process, which yields to its live events. Every three seconds replays pause for a moment,
 * and the ages of the live events that were accepted in the pause are compared with those just before it: the same
 * machine under the same load, but for the replay. The rate falls where live events take more than 1.06 times as long
 * beside replays, and rises to the maximum where they do not: each time by as much as the times differ from that.
 * Without live events there are no pauses.
 *
 * Where all live events wait for longer than a pause lasts, the rate falls to the least at once: what they wait
 * for may be what the replay sent before. Ages are beyond the smallest of the last 45 s: after a clock was set, the rate
 * is at most for that long at the least, and 75 s later at the maximum again.
 *
 * One comparison says little on a busy machine, where any half a second differs from the one before: the logarithms of
 * the ratios are averaged, so that chance weighs as much for as against the replay.
 */
export class YieldingPace {
  readonly #max: number;
  readonly #pace: Pace;
  #perSecond: number;
  #beganMs = -Infinity;
  #askedMs = -Infinity;
  #cycle = 0;
  /** The next or present pause last. */
  #pauses: Pause[] = [];
  #carried: Readonly<{ pauses: number; beside: readonly number[]; alone: readonly number[] }> = nothing;
  #notedMs = -Infinity;
  /**
   * The smallest age in each of the last cycles, the present one last. The smallest of all is what every event takes, and
   * the difference between the clocks of two machines.
   */
  #leasts: number[] = [Infinity];
  /** The smallest of the newest ages. */
  #newest = { sinceMs: 0, count: 0, leastMs: Infinity };
  /** Average of the logarithms of how many times as long live events take beside replays. */
  #effect = 0;

  constructor(maxPerSecond: number) {
    this.#max = maxPerSecond;
    this.#perSecond = this.#first;
    this.#pace = new Pace(this.#perSecond);
  }

  /** Commands a second that are allowed now, outside of pauses. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** It begins low: a high rate would delay live events before the first comparison. */
  get #first(): number {
    return Math.max(1, this.#max / 4);
  }

  /** Returns the time until the next command is allowed; 0 for now. Times are monotonic milliseconds. */
  delayMs(nowMs: number): number {
    if (nowMs - this.#askedMs > sendingMs) this.#begin(nowMs);
    this.#askedMs = nowMs;
    const cycle = Math.floor((nowMs - this.#beganMs) / cycleMs);
    for (; this.#cycle < cycle; this.#cycle += 1) this.#endCycle();
    const untilEndMs = this.#beganMs + (cycle + 1) * cycleMs - nowMs;
    const isPaused = untilEndMs <= pausedMs && nowMs - this.#notedMs < cycleMs;
    return isPaused ? untilEndMs : this.#pace.delayMs(nowMs);
  }

  take(nowMs: number): void {
    this.#pace.take(nowMs);
  }

  /** Notes the age of a live event whose commands have just been written. */
  note(ageMs: number, nowMs: number): void {
    if (nowMs - this.#askedMs > sendingMs) return;
    this.#notedMs = nowMs;
    this.#leasts.push(Math.min(this.#leasts.pop() ?? Infinity, ageMs));
    const waitMs = ageMs - this.#leastMs;
    this.#watchBacklog(ageMs, nowMs);
    // An age beyond that is rather one of another clock.
    const acceptedMs = waitMs > backlogMs ? nowMs : nowMs - waitMs;
    for (const { startMs, beside, alone } of this.#pauses) {
      const sinceMs = acceptedMs - startMs;
      const isBefore = sinceMs < 0 && sinceMs >= -comparedMs;
      const isWithin = sinceMs >= settleMs && sinceMs < pausedMs;
      if (isBefore && beside.length < maxSamples) beside.push(ageMs);
      if (isWithin && alone.length < maxSamples) alone.push(ageMs);
    }
  }

  get #leastMs(): number {
    return Math.min(...this.#leasts);
  }

  /** Begins anew: ages that were noted before are not compared with those from now on. */
  #begin(nowMs: number): void {
    if (nowMs - this.#askedMs > rememberedMs) {
      this.#effect = 0;
      this.#change(this.#first);
    }
    this.#beganMs = nowMs;
    this.#cycle = 0;
    this.#pauses = [this.#pauseOf(0)];
    this.#carried = nothing;
    this.#notedMs = -Infinity;
    this.#leasts = [Infinity];
    this.#newest = { sinceMs: nowMs, count: 0, leastMs: Infinity };
  }

  #watchBacklog(ageMs: number, nowMs: number): void {
    const { sinceMs, count, leastMs } = this.#newest;
    this.#newest = { sinceMs, count: count + 1, leastMs: Math.min(leastMs, ageMs) };
    if (nowMs - sinceMs < newest.ms || count + 1 < newest.count) return;
    if (this.#newest.leastMs - this.#leastMs > backlogMs) this.#change(0);
    this.#newest = { sinceMs: nowMs, count: 0, leastMs: Infinity };
  }

  #pauseOf(cycle: number): Pause {
    return { startMs: this.#beganMs + cycle * cycleMs + sendingMs, beside: [], alone: [] };
  }

  /** Judges the pause before the one that has just ended: by now all but very late events of it have been noted. */
  #endCycle(): void {
    const judged = this.#pauses.length < 2 ? undefined : this.#pauses.at(-2);
    this.#pauses.push(this.#pauseOf(this.#cycle + 1));
    if (this.#pauses.length > rememberedPauses) this.#pauses.shift();
    if (judged !== undefined) this.#judge(judged);
    this.#leasts.push(Infinity);
    if (this.#leasts.length > leastCycles) this.#leasts.shift();
  }

  #judge(pause: Pause): void {
    const { pauses, ...before } = this.#carried;
    const beside = [...before.beside, ...pause.beside];
    const alone = [...before.alone, ...pause.alone];
    const isKnown = beside.length >= enough && alone.length >= enough;
    // Where live events are few, several pauses are compared together.
    if (!isKnown && beside.length > 0 && pauses + 1 < maxCarried) {
      this.#carried = { pauses: pauses + 1, beside, alone };
      return;
    }
    this.#carried = nothing;
    const effect = isKnown ? this.#effectOf(beside, alone) : 0;
    this.#effect += weight * (Math.max(-maxEffect, Math.min(maxEffect, effect)) - this.#effect);
    const left = allowed - this.#effect;
    const factor = Math.exp((left < 0 ? gain.down : gain.up) * left);
    this.#change(this.#perSecond * Math.min(step.up, Math.max(step.down, factor)));
  }

  /**
   * Compares all ages. If as many are far beyond the least without replays as beside them, they have another clock: then
   * only those with the clock that most have.
   */
  #effectOf(beside: readonly number[], alone: readonly number[]): number {
    const isFar = (ageMs: number): boolean => ageMs - this.#leastMs > backlogMs;
    const [farBeside, farAlone] = [beside.filter(isFar), alone.filter(isFar)];
    const shareAlone = farAlone.length / alone.length;
    if (shareAlone === 0 || shareAlone < (share * farBeside.length) / beside.length)
      return effectOf(beside, alone, this.#leastMs);
    const areMostFar = shareAlone > 0.5;
    const [ofOneBeside, ofOneAlone] = [beside, alone].map((ages) =>
      ages.filter((ageMs) => isFar(ageMs) === areMostFar),
    ) as [number[], number[]];
    return effectOf(ofOneBeside, ofOneAlone, Math.min(...ofOneBeside, ...ofOneAlone));
  }

  #change(wanted: number): void {
    this.#perSecond = Math.min(this.#max, Math.max(this.#max * leastShare, wanted));
    this.#pace.change(this.#perSecond);
  }
}

/** Returns what three of four ages do not exceed, beyond the least. */
const above = (ages: readonly number[], leastMs: number): number => {
  const sorted = ages.toSorted((a, b) => a - b);
  return (sorted[Math.ceil(ages.length * share) - 1] ?? leastMs) - leastMs + slackMs;
};

/** Returns the logarithm of how many times as long events take beside replays. */
const effectOf = (beside: readonly number[], alone: readonly number[], leastMs: number): number =>
  Math.log(above(beside, leastMs) / above(alone, leastMs));

const nothing = { pauses: 0, beside: [], alone: [] };
