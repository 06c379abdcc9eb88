import { Fifo, type RingMember } from './collections.ts';
import { type RateLimit, TokenBucket } from './token-bucket.ts';

/** What one subscription may have at once, and how many a second. */
export type LaneLimits = Readonly<{ maxInFlight: number; rateLimit: RateLimit | null }>;

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
export type LaneState = 'idle' | 'fresh' | 'busy' | 'saturated' | 'throttled';

/** One subscription's queue and what it has under way. */
export interface Lane<J> extends RingMember<Lane<J>> {
  readonly id: string;
  readonly queue: Fifo<J>;
  limits: LaneLimits;
  bucket: TokenBucket | null;
  state: LaneState;
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

export const newLane = <J>(id: string, limits: LaneLimits, nowMs: number): Lane<J> => ({
  id,
  queue: new Fifo<J>(),
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
export const adoptLimits = <J>(lane: Lane<J>, limits: LaneLimits, nowMs: number): void => {
  if (lane.limits === limits) return;
  lane.limits = limits;
  const rate = limits.rateLimit;
  const known = lane.bucket?.limit;
  if (rate === null) lane.bucket = null;
  else if (known?.perSecond !== rate.perSecond || known.burst !== rate.burst) {
    lane.bucket = new TokenBucket(rate, nowMs);
  }
};

/** The state that follows from what a lane holds. */
export const stateOf = <J>(lane: Lane<J>, nowMs: number): LaneState => {
  if (lane.queue.length === 0) return 'idle';
  if (lane.inFlight >= lane.limits.maxInFlight) return 'saturated';
  if (lane.bucket !== null && lane.bucket.readyAtMs(nowMs) > nowMs) return 'throttled';
  return lane.inFlight === 0 ? 'fresh' : 'busy';
};
