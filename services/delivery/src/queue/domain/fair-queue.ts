import { MinHeap, Ring } from './collections.ts';
import {
  adoptLimits,
  type Lane,
  type LaneLimits,
  type LaneState,
  newLane,
  stateOf,
} from './subscription-queue.ts';

/** Anything with a size can wait here. */
export type Waiting = Readonly<{ bytes: number }>;

/** A job that may be sent now, and the subscription it is for. */
export type Taken<J> = Readonly<{ laneId: string; job: J }>;

/** A job that has waited too long, and what kept it. */
export type AgedJob<J> = Readonly<{ job: J; state: LaneState; limits: LaneLimits }>;

/** How many requests may be under way in all. */
export type QueueCaps = Readonly<{
  /** Up to here a subscription gets as many as its own limit allows. */
  softCap: number;
  /** Between the two caps only a subscription with nothing under way gets one. */
  hardCap: number;
}>;

// A round's share of each subscription. Even an empty body costs a request, hence the overhead.
const quantumBytes = 16_384;
const overheadBytes = 1_024;

/**
 * Deficit round-robin over subscriptions. Those with nothing under way come first, so that fast ones never wait for
 * the slots that slow ones hold; when the soft cap is reached every subscription still gets one request at a time.
 * Pure: time is an argument, in monotonic milliseconds.
 */
export class FairQueue<J extends Waiting> {
  readonly #caps: QueueCaps;
  readonly #lanes = new Map<string, Lane<J>>();
  readonly #fresh = new Ring<Lane<J>>();
  readonly #busy = new Ring<Lane<J>>();
  readonly #throttled = new MinHeap<Lane<J>>();
  #queued = 0;
  #queuedBytes = 0;
  #inFlight = 0;

  constructor(caps: QueueCaps) {
    this.#caps = caps;
  }

  get queued(): number {
    return this.#queued;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Lanes in memory. */
  get lanes(): number {
    return this.#lanes.size;
  }

  lengthOf(laneId: string): number {
    return this.#lanes.get(laneId)?.queue.length ?? 0;
  }

  stateOf(laneId: string): LaneState {
    return this.#lanes.get(laneId)?.state ?? 'idle';
  }

  inFlightOf(laneId: string): number {
    return this.#lanes.get(laneId)?.inFlight ?? 0;
  }

  /** For how long the requests under way have given no sign: at least one of them takes this long. */
  quietMsOf(laneId: string, nowMs: number): number {
    const lane = this.#lanes.get(laneId);
    return lane === undefined || lane.inFlight === 0 ? 0 : nowMs - lane.quietSinceMs;
  }

  /** Appends a job to its subscription's queue, under the limits given here from now on. */
  push({
    laneId,
    job,
    limits,
    nowMs,
  }: Readonly<{ laneId: string; job: J; limits: LaneLimits; nowMs: number }>): void {
    const lane = this.#lane(laneId, limits, nowMs);
    lane.queue.push(job);
    this.#queued += 1;
    this.#queuedBytes += job.bytes;
    this.#settle(lane, nowMs);
  }

  /** New limits for what waits already. Nothing happens for a subscription that is not in memory. */
  setLimits(laneId: string, limits: LaneLimits, nowMs: number): void {
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return;
    adoptLimits(lane, limits, nowMs);
    this.#settle(lane, nowMs);
  }

  /** The next job that may be sent now; it counts as under way until `finished`. */
  take(nowMs: number): Taken<J> | undefined {
    this.#wake(nowMs);
    const lane = this.#next();
    const job = lane?.queue.shift();
    if (lane === undefined || job === undefined) return undefined;
    // Never deep in debt: turns taken while fresh are not charged for later.
    lane.deficit = Math.max(lane.deficit, 0) - job.bytes - overheadBytes;
    if (lane.inFlight === 0) lane.quietSinceMs = nowMs;
    lane.inFlight += 1;
    lane.usedMs = nowMs;
    lane.bucket?.take(nowMs);
    this.#queued -= 1;
    this.#queuedBytes -= job.bytes;
    this.#inFlight += 1;
    this.#settle(lane, nowMs);
    return { laneId: lane.id, job };
  }

  /** One request of the subscription has ended. */
  finished(laneId: string, nowMs: number): void {
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return;
    this.#inFlight -= 1;
    lane.inFlight -= 1;
    lane.usedMs = nowMs;
    lane.quietSinceMs = nowMs;
    this.#settle(lane, nowMs);
  }

  /** When a subscription that waits for its rate alone gets its next turn. */
  nextWakeMs(): number | undefined {
    this.#dropStaleWakes();
    return this.#throttled.peek()?.at;
  }

  /** Takes out of one queue, or of all, what is not wanted any more; the order of the rest stays. */
  removeWhere(
    isUnwanted: (job: J) => boolean,
    { laneId, nowMs }: Readonly<{ laneId?: string; nowMs: number }>,
  ): readonly J[] {
    const lanes = laneId === undefined ? this.#lanes.values() : this.#only(laneId);
    const removed: J[] = [];
    for (const lane of lanes) {
      const jobs = lane.queue.removeWhere(isUnwanted);
      if (jobs.length === 0) continue;
      for (const job of jobs) this.#queuedBytes -= job.bytes;
      this.#queued -= jobs.length;
      removed.push(...jobs);
      this.#settle(lane, nowMs);
    }
    return removed;
  }

  /** Takes jobs out of the head of every queue for as long as `isTooOld` says so of the head. */
  takeAged(
    nowMs: number,
    isTooOld: (lane: Readonly<Pick<Lane<J>, 'id' | 'state' | 'limits' | 'queue'>>, head: J) => boolean,
  ): readonly AgedJob<J>[] {
    const aged: AgedJob<J>[] = [];
    for (const lane of this.#lanes.values()) {
      const { state } = lane;
      for (let head = lane.queue.peek(); head !== undefined; head = lane.queue.peek()) {
        if (!isTooOld(lane, head)) break;
        lane.queue.shift();
        this.#queued -= 1;
        this.#queuedBytes -= head.bytes;
        aged.push({ job: head, state, limits: lane.limits });
      }
      if (lane.queue.length === 0 && state !== 'idle') this.#settle(lane, nowMs);
    }
    return aged;
  }

  /** Forgets subscriptions that had nothing to do since `beforeMs`. */
  forgetUnused(beforeMs: number): void {
    for (const lane of this.#lanes.values()) {
      if (lane.state === 'idle' && lane.inFlight === 0 && lane.usedMs < beforeMs) this.#lanes.delete(lane.id);
    }
  }

  #only(laneId: string): readonly Lane<J>[] {
    const lane = this.#lanes.get(laneId);
    return lane === undefined ? [] : [lane];
  }

  #lane(id: string, limits: LaneLimits, nowMs: number): Lane<J> {
    const known = this.#lanes.get(id);
    if (known !== undefined) {
      adoptLimits(known, limits, nowMs);
      return known;
    }
    const lane = newLane<J>(id, limits, nowMs);
    this.#lanes.set(id, lane);
    return lane;
  }

  #next(): Lane<J> | undefined {
    if (this.#inFlight >= this.#caps.hardCap) return undefined;
    if (this.#fresh.first !== null) return this.#fresh.first;
    if (this.#inFlight >= this.#caps.softCap) return undefined;
    for (let lane = this.#busy.first; lane !== null; lane = this.#busy.first) {
      if (lane.deficit > 0) return lane;
      lane.deficit += quantumBytes;
      if (lane.deficit > 0) return lane;
      this.#busy.turn();
    }
    return undefined;
  }

  #wake(nowMs: number): void {
    for (let entry = this.#throttled.peek(); entry !== undefined; entry = this.#throttled.peek()) {
      if (entry.at > nowMs) return;
      this.#throttled.pop();
      const lane = entry.item;
      if (lane.state === 'throttled' && lane.wakeMs === entry.at) this.#settle(lane, nowMs);
    }
  }

  #dropStaleWakes(): void {
    for (let entry = this.#throttled.peek(); entry !== undefined; entry = this.#throttled.peek()) {
      if (entry.item.state === 'throttled' && entry.item.wakeMs === entry.at) return;
      this.#throttled.pop();
    }
  }

  // The only place where a lane changes its state, its ring or its place in the heap.
  #settle(lane: Lane<J>, nowMs: number): void {
    const before = lane.state;
    const after = stateOf(lane, nowMs);
    if (after === 'throttled') {
      const wakeMs = lane.bucket?.readyAtMs(nowMs) ?? nowMs;
      if (before !== 'throttled' || lane.wakeMs !== wakeMs) this.#throttled.push(wakeMs, lane);
      lane.wakeMs = wakeMs;
    }
    if (after === 'idle') lane.deficit = 0;
    if (before === after) {
      if (after === 'busy' && lane.deficit <= 0 && this.#busy.first === lane) this.#busy.turn();
      return;
    }
    if (before === 'fresh') this.#fresh.remove(lane);
    if (before === 'busy') this.#busy.remove(lane);
    if (after === 'fresh') this.#fresh.add(lane);
    if (after === 'busy') this.#busy.add(lane);
    lane.state = after;
  }
}
