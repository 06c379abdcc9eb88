import { Fifo, type RingNode } from './collections.ts';
import { type RateLimit, TokenBucket } from './token-bucket.ts';

/** What one subscription may have at once, and how many a second. */
export type QueueLimits = Readonly<{ maxInFlight: number; rateLimit: RateLimit | null }>;

/**
 * Why a subscription does or does not get a turn.
 *
 *   idle ──push──▶ fresh ──take──▶ busy ──take──▶ saturated
 *     ▲              ▲ └─no token─┐ │ └─no token─┐    │
 *     │              │            ▼ ▼            ▼    │
 *     │              └──time── throttled ──time──▶ busy◀─finish
 *     └──────────── the queue is empty, from any state
 *
 * fresh: nothing under way. busy: something under way and room for more. Only fresh and busy ones are in a ring, so
 * the others cost nothing however many there are.
 */
export type QueueState = 'idle' | 'fresh' | 'busy' | 'saturated' | 'throttled';

/** One subscription's queue and what it has under way. */
export interface SubscriptionQueue<J> extends RingNode<SubscriptionQueue<J>> {
  readonly id: string;
  readonly jobs: Fifo<J>;
  limits: QueueLimits;
  bucket: TokenBucket | null;
  state: QueueState;
  inFlight: number;
  /** Bytes it may still send in this round; below zero after a large body. */
  deficit: number;
  /** When a throttled one may go on. */
  wakeMs: number;
  /** When it last had something to do. */
  usedMs: number;
  /** Since when no request has ended, while one is under way. */
  quietSinceMs: number;
}

export const newSubscriptionQueue = <J>(
  id: string,
  limits: QueueLimits,
  nowMs: number,
): SubscriptionQueue<J> => ({
  id,
  jobs: new Fifo<J>(),
  limits,
  bucket: limits.rateLimit === null ? null : new TokenBucket(limits.rateLimit, nowMs),
  state: 'idle',
  inFlight: 0,
  deficit: 0,
  wakeMs: 0,
  usedMs: nowMs,
  quietSinceMs: nowMs,
  next: null,
  previous: null,
});

/** Puts new limits in force. The bucket is kept while the rate is the same. */
export const adoptLimits = <J>(queue: SubscriptionQueue<J>, limits: QueueLimits, nowMs: number): void => {
  if (queue.limits === limits) return;
  queue.limits = limits;
  const rate = limits.rateLimit;
  const known = queue.bucket?.limit;
  if (rate === null) queue.bucket = null;
  else if (known?.perSecond !== rate.perSecond || known.burst !== rate.burst) {
    queue.bucket = new TokenBucket(rate, nowMs);
  }
};

/** The state that follows from what a lane holds. */
export const stateOf = <J>(queue: SubscriptionQueue<J>, nowMs: number): QueueState => {
  if (queue.jobs.length === 0) return 'idle';
  if (queue.inFlight >= queue.limits.maxInFlight) return 'saturated';
  if (queue.bucket !== null && queue.bucket.readyAtMs(nowMs) > nowMs) return 'throttled';
  return queue.inFlight === 0 ? 'fresh' : 'busy';
};
