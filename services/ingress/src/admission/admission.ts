import type { Clock } from '@tidings/runtime';
import { ConcurrencyLimit, type LimitMoment } from '../domain/concurrency-limit.ts';
import { LoopWait } from './loop-wait.ts';

/**
 * Limits of what is in progress at once. `requests`: of all, in units; the limit that adapts goes up to half of it. `bytes`:
 * of their bodies. `targetMs`: the wait that the limit aims at.
 */
export type AdmissionLimits = Readonly<{ requests: number; bytes: number; targetMs: number }>;

/**
 * A request whose body is not read yet. `sender`: the key or source. `bytes`: those of the body that will be held. `isLast`:
 * true if it is to be refused last, because it is lost then.
 */
export type Arrival = Readonly<{ sender: string; bytes: number; isLast: boolean }>;

/** Why a request is refused: the part of its sender, or all is full; and the limit that is reached. */
export type Refusal = Readonly<{
  scope: 'sender' | 'all';
  limit: 'requests' | 'bytes';
  held: number;
  allowed: number;
  retryAfterMs: number;
}>;

/** An admitted request. */
export type Permit = Readonly<{
  /** Notes that its body is complete: from now on it waits for the log. */
  begin(): void;
  /** Gives its room back, once. `isAnswered`: true if its wait says how busy the log is. Returns the wait in milliseconds. */
  end(isAnswered: boolean): number | null;
}>;

/** Options of {@link Admission}. */
export type AdmissionOptions = Readonly<{
  limits: AdmissionLimits;
  clock: Pick<Clock, 'monotonicMs' | 'idleMs' | 'turns'>;
  random?: () => number;
}>;

type Held = { requests: number; bytes: number };

/** The least value of the limit that adapts: a sender with this many requests at once is never refused for waits alone. */
export const leastLimit = 64;

const unitBytes = 64 * 1024;
const aloneAfterMs = 10_000;
// Senders that have nothing in progress are forgotten, so that the table stays as large as their number.
const maxIdleSenders = 1_000;

const noSender = { name: '', atMs: -Infinity };

/**
 * Decides which requests are read, by what is in progress: a request counts one unit, and one more for each 64 KiB of its body.
 * As long as the limit is not reached, everybody may use it. Beyond, only senders below their share are admitted, which is
 * the limit divided by the senders that have something in progress; whoever may be refused only last is not bound to it.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #limit: ConcurrencyLimit;
  readonly #wait: LoopWait;
  readonly #all: Held = { requests: 0, bytes: 0 };
  readonly #bySender = new Map<string, Held>();
  #senders = 0;
  #waiting = 0;
  #latest = noSender;
  #other = noSender;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    const { requests, targetMs } = options.limits;
    this.#limit = new ConcurrencyLimit({
      least: leastLimit,
      most: Math.max(leastLimit, requests / 2),
      targetMs,
    });
    this.#wait = new LoopWait(options.clock);
  }

  /** The units and bytes in progress. */
  get held(): Readonly<Held> {
    return this.#all;
  }

  /** The limit that adapts, in units. */
  get limit(): number {
    return Math.floor(this.#limit.value);
  }

  /** False if nobody is refused for the number of requests now. */
  get isBusy(): boolean {
    return this.#all.requests >= this.#limit.value;
  }

  /** Returns the refusal of any request, if there is no room for another; null if it depends on the sender. */
  refuseAll(): Refusal | null {
    const { requests } = this.#options.limits;
    return this.#all.requests < requests
      ? null
      : this.#refusal('all', 'requests', [this.#all.requests, requests]);
  }

  /** Returns the refusal of a request; null if there is room for it. */
  refuse(arrival: Arrival): Refusal | null {
    this.#note(arrival.sender);
    this.#limit.arrived(this.#moment(), this.#waiting);
    return this.#refuse(this.#bySender.get(arrival.sender) ?? { requests: 0, bytes: 0 }, arrival);
  }

  /** Takes room for a request. */
  take(arrival: Arrival): Permit | Refusal {
    const refusal = this.refuse(arrival);
    if (refusal !== null) return refusal;
    const own = this.#bySender.get(arrival.sender) ?? { requests: 0, bytes: 0 };
    this.#bySender.set(arrival.sender, own);
    const units = 1 + Math.floor(arrival.bytes / unitBytes);
    this.#add(own, units, arrival.bytes);
    return this.#permit(own, units, arrival.bytes);
  }

  #refuse(own: Held, { bytes, isLast }: Arrival): Refusal | null {
    const { limits } = this.#options;
    const all = this.#all;
    const ownBytes = limits.bytes / 3;
    if (all.bytes + bytes > limits.bytes) return this.#refusal('all', 'bytes', [all.bytes, limits.bytes]);
    if (own.bytes + bytes > ownBytes) return this.#refusal('sender', 'bytes', [own.bytes, ownBytes]);
    if (all.requests >= limits.requests)
      return this.#refusal('all', 'requests', [all.requests, limits.requests]);
    if (isLast) {
      const ownRequests = limits.requests / 4;
      return own.requests < ownRequests
        ? null
        : this.#refusal('sender', 'requests', [own.requests, ownRequests]);
    }
    const limit = this.#limit.value;
    if (all.requests < limit) return null;
    const senders = this.#senders + (own.requests === 0 ? 1 : 0);
    if (own.requests + 1 <= limit / senders) return null;
    // Whoever is alone fills the whole, not more than a part of it.
    const share = limit / Math.max(2, senders);
    return own.requests > share && !this.#isAlone()
      ? this.#refusal('sender', 'requests', [own.requests, share])
      : this.#refusal('all', 'requests', [all.requests, limit]);
  }

  // Jittered, so that those who were refused together do not come back together.
  #refusal(scope: Refusal['scope'], limit: Refusal['limit'], [held, allowed]: [number, number]): Refusal {
    const { random = Math.random } = this.#options;
    const retryAfterMs = 1_000 * (1 + Math.floor(3 * random()));
    return { scope, limit, held, allowed: Math.floor(allowed), retryAfterMs };
  }

  #note(name: string): void {
    const atMs = this.#options.clock.monotonicMs();
    if (this.#latest.name !== name) this.#other = this.#latest;
    this.#latest = { name, atMs };
  }

  #moment(): LimitMoment {
    return { nowMs: this.#options.clock.monotonicMs(), inProgress: this.#all.requests };
  }

  #isAlone(): boolean {
    return this.#latest.atMs - this.#other.atMs > aloneAfterMs;
  }

  #add(own: Held, units: number, bytes: number): void {
    const before = own.requests;
    for (const held of [own, this.#all]) {
      held.requests += units;
      held.bytes += bytes;
    }
    if (before === 0) this.#senders += 1;
    if (own.requests === 0) this.#senders -= 1;
    if (this.#bySender.size > this.#senders + maxIdleSenders) this.#forgetIdle();
  }

  #forgetIdle(): void {
    for (const [sender, { requests }] of this.#bySender) if (requests === 0) this.#bySender.delete(sender);
  }

  #permit(own: Held, units: number, bytes: number): Permit {
    const { clock } = this.#options;
    let arrivedMs: number | null = null;
    let isHeld = true;
    return {
      begin: () => {
        if (arrivedMs !== null || !isHeld) return;
        arrivedMs = clock.monotonicMs() - this.#wait.now();
        this.#waiting += 1;
      },
      end: (isAnswered) => {
        if (!isHeld) return null;
        isHeld = false;
        const now = this.#moment();
        this.#add(own, -units, -bytes);
        if (arrivedMs === null) return null;
        this.#waiting -= 1;
        const waitMs = now.nowMs - arrivedMs;
        // A larger request may take longer, as many small ones of its size do.
        if (isAnswered) this.#limit.answered(waitMs / units, now);
        return waitMs;
      },
    };
  }
}
