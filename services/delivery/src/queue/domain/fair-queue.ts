import { MinHeap, Ring } from './collections.ts';
import {
  adoptLimits,
  newSubscriptionQueue,
  type QueueLimits,
  type QueueState,
  type SubscriptionQueue,
  stateOf,
} from './subscription-queue.ts';

/** An item with a size that can be queued. */
export type Queueable = Readonly<{ bytes: number }>;

/** A job that may be sent now, and its subscription. */
export type Taken<J> = Readonly<{ subscriptionId: string; job: J }>;

/** A job that has waited too long, with the state and limits that delayed it. */
export type AgedJob<J> = Readonly<{ job: J; state: QueueState; limits: QueueLimits }>;

/** Maximum requests in flight in total. */
export type QueueCaps = Readonly<{
  /** Up to this number each subscription may use its own limit. */
  softCap: number;
  /** Between the two caps, only a subscription with nothing in flight may start a request. */
  hardCap: number;
}>;

// The share of each subscription in a round. Even an empty body costs a request, hence the overhead.
const quantumBytes = 16_384;
const overheadBytes = 1_024;

/**
 * Deficit round-robin over subscriptions. Those with nothing in flight come first, so that fast subscriptions
 * never wait for slots that slow ones occupy. At the soft cap every subscription may still have one request
 * in flight. Pure: time is an argument, in monotonic milliseconds.
 */
export class FairQueue<J extends Queueable> {
  readonly #caps: QueueCaps;
  readonly #queues = new Map<string, SubscriptionQueue<J>>();
  readonly #fresh = new Ring<SubscriptionQueue<J>>();
  readonly #busy = new Ring<SubscriptionQueue<J>>();
  readonly #throttled = new MinHeap<SubscriptionQueue<J>>();
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

  /** Subscription queues in memory. */
  get queues(): number {
    return this.#queues.size;
  }

  lengthOf(subscriptionId: string): number {
    return this.#queues.get(subscriptionId)?.jobs.length ?? 0;
  }

  stateOf(subscriptionId: string): QueueState {
    return this.#queues.get(subscriptionId)?.state ?? 'idle';
  }

  inFlightOf(subscriptionId: string): number {
    return this.#queues.get(subscriptionId)?.inFlight ?? 0;
  }

  /** Returns how long no request in flight has ended: at least one of them takes this long. */
  quietMsOf(subscriptionId: string, nowMs: number): number {
    const queue = this.#queues.get(subscriptionId);
    return queue === undefined || queue.inFlight === 0 ? 0 : nowMs - queue.quietSinceMs;
  }

  /** Adds a job to its subscription's queue. The given limits apply from now on. */
  push({
    subscriptionId,
    job,
    limits,
    nowMs,
  }: Readonly<{ subscriptionId: string; job: J; limits: QueueLimits; nowMs: number }>): void {
    const queue = this.#queueOf(subscriptionId, limits, nowMs);
    queue.jobs.push(job);
    this.#queued += 1;
    this.#queuedBytes += job.bytes;
    this.#settle(queue, nowMs);
  }

  /** Sets new limits for queued jobs. Ignores a subscription that is not in memory. */
  setLimits(subscriptionId: string, limits: QueueLimits, nowMs: number): void {
    const queue = this.#queues.get(subscriptionId);
    if (queue === undefined) return;
    adoptLimits(queue, limits, nowMs);
    this.#settle(queue, nowMs);
  }

  /** Removes and returns the next job that may be sent now. It counts as in flight until `finished`. */
  take(nowMs: number): Taken<J> | undefined {
    this.#wake(nowMs);
    const queue = this.#next();
    const job = queue?.jobs.shift();
    if (queue === undefined || job === undefined) return undefined;
    // Limits the debt: requests started while fresh are not charged later.
    queue.deficit = Math.max(queue.deficit, 0) - job.bytes - overheadBytes;
    if (queue.inFlight === 0) queue.quietSinceMs = nowMs;
    queue.inFlight += 1;
    queue.usedMs = nowMs;
    queue.bucket?.take(nowMs);
    this.#queued -= 1;
    this.#queuedBytes -= job.bytes;
    this.#inFlight += 1;
    this.#settle(queue, nowMs);
    return { subscriptionId: queue.id, job };
  }

  /** Records that one request of the subscription has ended. */
  finished(subscriptionId: string, nowMs: number): void {
    const queue = this.#queues.get(subscriptionId);
    if (queue === undefined) return;
    this.#inFlight -= 1;
    queue.inFlight -= 1;
    queue.usedMs = nowMs;
    queue.quietSinceMs = nowMs;
    this.#settle(queue, nowMs);
  }

  /** Returns the time at which the next subscription that waits only for its rate limit may continue. */
  nextWakeMs(): number | undefined {
    this.#dropStaleWakes();
    return this.#throttled.peek()?.at;
  }

  /** Removes unwanted jobs from one queue, or from all; keeps the order of the rest. */
  removeWhere(
    isUnwanted: (job: J) => boolean,
    { subscriptionId, nowMs }: Readonly<{ subscriptionId?: string; nowMs: number }>,
  ): readonly J[] {
    const queues = subscriptionId === undefined ? this.#queues.values() : this.#only(subscriptionId);
    const removed: J[] = [];
    for (const queue of queues) {
      const jobs = queue.jobs.removeWhere(isUnwanted);
      if (jobs.length === 0) continue;
      for (const job of jobs) this.#queuedBytes -= job.bytes;
      this.#queued -= jobs.length;
      removed.push(...jobs);
      this.#settle(queue, nowMs);
    }
    return removed;
  }

  /** Removes jobs from the head of every queue while `isTooOld` returns true for the head. */
  takeAged(
    nowMs: number,
    isTooOld: (
      queue: Readonly<Pick<SubscriptionQueue<J>, 'id' | 'state' | 'limits' | 'jobs'>>,
      head: J,
    ) => boolean,
  ): readonly AgedJob<J>[] {
    const aged: AgedJob<J>[] = [];
    for (const queue of this.#queues.values()) {
      const { state } = queue;
      for (let head = queue.jobs.peek(); head !== undefined; head = queue.jobs.peek()) {
        if (!isTooOld(queue, head)) break;
        queue.jobs.shift();
        this.#queued -= 1;
        this.#queuedBytes -= head.bytes;
        aged.push({ job: head, state, limits: queue.limits });
      }
      if (queue.jobs.length === 0 && state !== 'idle') this.#settle(queue, nowMs);
    }
    return aged;
  }

  /** Discards subscriptions that were idle since `beforeMs`. */
  forgetUnused(beforeMs: number): void {
    for (const queue of this.#queues.values()) {
      if (queue.state === 'idle' && queue.inFlight === 0 && queue.usedMs < beforeMs)
        this.#queues.delete(queue.id);
    }
  }

  #only(subscriptionId: string): readonly SubscriptionQueue<J>[] {
    const queue = this.#queues.get(subscriptionId);
    return queue === undefined ? [] : [queue];
  }

  #queueOf(id: string, limits: QueueLimits, nowMs: number): SubscriptionQueue<J> {
    const known = this.#queues.get(id);
    if (known !== undefined) {
      adoptLimits(known, limits, nowMs);
      return known;
    }
    const queue = newSubscriptionQueue<J>(id, limits, nowMs);
    this.#queues.set(id, queue);
    return queue;
  }

  #next(): SubscriptionQueue<J> | undefined {
    if (this.#inFlight >= this.#caps.hardCap) return undefined;
    if (this.#fresh.first !== null) return this.#fresh.first;
    if (this.#inFlight >= this.#caps.softCap) return undefined;
    for (let queue = this.#busy.first; queue !== null; queue = this.#busy.first) {
      if (queue.deficit > 0) return queue;
      queue.deficit += quantumBytes;
      if (queue.deficit > 0) return queue;
      this.#busy.rotate();
    }
    return undefined;
  }

  #wake(nowMs: number): void {
    for (let entry = this.#throttled.peek(); entry !== undefined; entry = this.#throttled.peek()) {
      if (entry.at > nowMs) return;
      this.#throttled.pop();
      const queue = entry.item;
      if (queue.state === 'throttled' && queue.wakeMs === entry.at) this.#settle(queue, nowMs);
    }
  }

  #dropStaleWakes(): void {
    for (let entry = this.#throttled.peek(); entry !== undefined; entry = this.#throttled.peek()) {
      if (entry.item.state === 'throttled' && entry.item.wakeMs === entry.at) return;
      this.#throttled.pop();
    }
  }

  // The only place where a queue changes its state, its ring or its position in the heap.
  #settle(queue: SubscriptionQueue<J>, nowMs: number): void {
    const before = queue.state;
    const after = stateOf(queue, nowMs);
    if (after === 'throttled') {
      const wakeMs = queue.bucket?.readyAtMs(nowMs) ?? nowMs;
      if (before !== 'throttled' || queue.wakeMs !== wakeMs) this.#throttled.push(wakeMs, queue);
      queue.wakeMs = wakeMs;
    }
    if (after === 'idle') queue.deficit = 0;
    if (before === after) {
      if (after === 'busy' && queue.deficit <= 0 && this.#busy.first === queue) this.#busy.rotate();
      return;
    }
    if (before === 'fresh') this.#fresh.remove(queue);
    if (before === 'busy') this.#busy.remove(queue);
    if (after === 'fresh') this.#fresh.add(queue);
    if (after === 'busy') this.#busy.add(queue);
    queue.state = after;
  }
}
