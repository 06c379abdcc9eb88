import type { RingNode } from './ring.ts';
import { type RateLimit, TokenBucket } from './token-bucket.ts';
import { type Classed, TwoClassFifo } from './two-class-fifo.ts';

/** Concurrency and rate limit of one subscription. */
export type QueueLimits = Readonly<{ maxInFlight: number; rateLimit: RateLimit | null }>;

/**
 * Scheduling state of a subscription.
 *
 *   idle ──push──▶ fresh ──take──▶ busy ──take──▶ saturated
 *     ▲              ▲ └─no token─┐ │ └─no token─┐    │
 *     │              │            ▼ ▼            ▼    │
 *     │              └──time── throttled ──time──▶ busy◀─finish
 *     └──────────── the queue is empty, from any state
 *
 * fresh: nothing in flight. busy: requests in flight and room for more. Only fresh and busy queues are in a
 * ring, so the others cost nothing, whatever their number.
 */
export type QueueState = 'idle' | 'fresh' | 'busy' | 'saturated' | 'throttled';

/** The queued jobs of one subscription and its requests in flight. */
export interface SubscriptionQueue<J extends Classed> extends RingNode<SubscriptionQueue<J>> {
  readonly id: string;
  readonly jobs: TwoClassFifo<J>;
  limits: QueueLimits;
  bucket: TokenBucket | null;
  state: QueueState;
  inFlight: number;
  /** Bytes it may still send in this round; negative after a large body. */
  deficit: number;
  /** Time at which a throttled queue may continue. */
  wakeMs: number;
  /** Time when it was last in use. */
  usedMs: number;
  /** Time since which no request has ended, while one is in flight. */
  quietSinceMs: number;
}

export const newSubscriptionQueue = <J extends Classed>(
  id: string,
  limits: QueueLimits,
  nowMs: number,
): SubscriptionQueue<J> => ({
  id,
  jobs: new TwoClassFifo<J>(),
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

/** Applies new limits. The bucket is kept while the rate is the same. */
export const adoptLimits = <J extends Classed>(
  queue: SubscriptionQueue<J>,
  limits: QueueLimits,
  nowMs: number,
): void => {
  if (queue.limits === limits) return;
  queue.limits = limits;
  const rate = limits.rateLimit;
  const known = queue.bucket?.limit;
  if (rate === null) queue.bucket = null;
  else if (known?.perSecond !== rate.perSecond || known.burst !== rate.burst) {
    queue.bucket = new TokenBucket(rate, nowMs);
  }
};

/** Returns the state that follows from the content of a queue. */
export const stateOf = <J extends Classed>(queue: SubscriptionQueue<J>, nowMs: number): QueueState => {
  if (queue.jobs.length === 0) return 'idle';
  if (queue.inFlight >= queue.limits.maxInFlight) return 'saturated';
  if (queue.bucket !== null && queue.bucket.readyAtMs(nowMs) > nowMs) return 'throttled';
  return queue.inFlight === 0 ? 'fresh' : 'busy';
};
