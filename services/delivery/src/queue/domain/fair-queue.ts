import { QueueSchedule } from './queue-schedule.ts';
import {
  adoptLimits,
  newSubscriptionQueue,
  type QueueLimits,
  type QueueState,
  type SubscriptionQueue,
} from './subscription-queue.ts';
import type { Classed } from './two-class-fifo.ts';

/** An item with a size that can be queued; bulk items of a subscription wait for its others. */
export type Queueable = Classed & Readonly<{ bytes: number }>;

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

// Even an empty body costs a request.
const overheadBytes = 1_024;

/**
 * Deficit round-robin over subscriptions. Those with nothing in flight come first, so that fast subscriptions
 * never wait for slots that slow ones occupy. At the soft cap every subscription may still have one request
 * in flight. Pure: time is an argument, in monotonic milliseconds.
 */
export class FairQueue<J extends Queueable> {
  readonly #caps: QueueCaps;
  readonly #queues = new Map<string, SubscriptionQueue<J>>();
  readonly #schedule = new QueueSchedule<J>();
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

  /** Returns how many jobs of the subscription would be sent before this one. */
  aheadOf(subscriptionId: string, job: Classed): number {
    return this.#queues.get(subscriptionId)?.jobs.aheadOf(job) ?? 0;
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
    this.#schedule.settle(queue, nowMs);
  }

  /** Sets new limits for queued jobs. Ignores a subscription that is not in memory. */
  setLimits(subscriptionId: string, limits: QueueLimits, nowMs: number): void {
    const queue = this.#queues.get(subscriptionId);
    if (queue === undefined) return;
    adoptLimits(queue, limits, nowMs);
    this.#schedule.settle(queue, nowMs);
  }

  /** Removes and returns the next job that may be sent now. It counts as in flight until `finished`. */
  take(nowMs: number): Taken<J> | undefined {
    const queue = this.#next(nowMs);
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
    this.#schedule.settle(queue, nowMs);
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
    this.#schedule.settle(queue, nowMs);
  }

  /** Returns the time at which the next subscription that waits only for its rate limit may continue. */
  nextWakeMs(): number | undefined {
    return this.#schedule.nextWakeMs();
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
      this.#schedule.settle(queue, nowMs);
    }
    return removed;
  }

  /** Removes jobs from the head of each class of every queue while `isTooOld` returns true for the head. */
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
      for (const jobs of queue.jobs.classes) {
        for (let head = jobs.peek(); head !== undefined; head = jobs.peek()) {
          if (!isTooOld(queue, head)) break;
          jobs.shift();
          this.#queued -= 1;
          this.#queuedBytes -= head.bytes;
          aged.push({ job: head, state, limits: queue.limits });
        }
      }
      if (queue.jobs.length === 0 && state !== 'idle') this.#schedule.settle(queue, nowMs);
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

  #next(nowMs: number): SubscriptionQueue<J> | undefined {
    this.#schedule.wake(nowMs);
    if (this.#inFlight >= this.#caps.hardCap) return undefined;
    const { fresh } = this.#schedule;
    if (fresh !== undefined || this.#inFlight >= this.#caps.softCap) return fresh;
    return this.#schedule.nextBusy();
  }
}
