import type { DeferralReason, Rung } from '@tidings/contracts';
import { rungFor, rungOfAtLeast } from '../../domain/retry-ladder.ts';
import type { QueueState } from '../../queue/domain/subscription-queue.ts';
import type { Admission } from './circuit-breaker.ts';

/** When commands leave memory for the ladder although they are due. */
export const deferralRules = {
  /** Commands of one subscription in memory while others come through its partition … */
  maxQueued: 64,
  /** … or as many as its endpoint takes within this time, if that is more. */
  maxQueuedMs: 250,
  /** The same behind a half-open breaker, where one goes at a time. */
  maxQueuedBehindProbe: 8,
  /** How long a command may wait in memory while others come through its partition … */
  maxAgeMs: 2_000,
  /** … and when nobody does, or when it waits for this process alone: nothing of its own is under way. */
  maxAgeAloneMs: 10_000,
  /** Others that came by within this time count. */
  neighbourWindowMs: 10_000,
  /** As many a second may always come back to an endpoint that has been broken for long, only to be put aside again … */
  brokenPerSecond: 1,
  /** … or as many as come back when each stays away for this part of that time. */
  brokenPart: 0.25,
  /** A wait is stretched to at most this many times its length to be one trip; else it is made of several. */
  maxOvershootFactor: 3,
} as const;

// A probe takes no longer than its timeout: what waits behind it need not stay away for long.
const behindProbeMs = 5_000;

/** Why a command is put on the ladder, and how long it must stay away for the endpoint's own sake. */
export type DeferralCause = Readonly<{ reason: DeferralReason; waitMs: number }>;

export type Arrival = Readonly<{
  admission: Admission;
  /** What waits already for the same subscription. */
  queued: number;
  hasNeighbours: () => boolean;
  isThrottled: boolean;
  /** As seen from here, with all that slows this side down; null until the endpoint has answered. */
  takesPerSecond: number | null;
  /** The same if whatever may have been the slowness of this side was that. */
  bestCasePerSecond: number | null;
}>;

const isTooLong = (queued: number, takesPerSecond: number, withinMs: number): boolean =>
  queued >= Math.max(deferralRules.maxQueued, (takesPerSecond * withinMs) / 1_000);

// How much an endpoint takes is known once it has answered.
const isSlow = (queued: number, bestCasePerSecond: number | null): boolean =>
  bestCasePerSecond !== null && isTooLong(queued, bestCasePerSecond, deferralRules.maxAgeAloneMs);

/** Whether a command that has just come is put aside instead of queued. */
export const deferOnArrival = ({
  admission,
  queued,
  hasNeighbours,
  isThrottled,
  takesPerSecond,
  bestCasePerSecond,
}: Arrival): DeferralCause | null => {
  if (admission.kind === 'wait') return { reason: 'breaker-open', waitMs: admission.waitMs };
  if (admission.kind === 'probe' && queued >= deferralRules.maxQueuedBehindProbe) {
    return { reason: 'breaker-open', waitMs: behindProbeMs };
  }
  if (!isTooLong(queued, takesPerSecond ?? 0, deferralRules.maxQueuedMs)) return null;
  // With nobody else in sight only what would get too old in memory anyway leaves at once: who comes behind it in the log
  // cannot be seen while its partition is full. A process that is short of CPU lets its partitions wait instead: what it puts
  // on the ladder would cost it the same again.
  if (!isSlow(queued, bestCasePerSecond) && !hasNeighbours()) return null;
  return { reason: isThrottled ? 'rate-limit' : 'queue-full', waitMs: 0 };
};

/** The command at the head of a queue. */
export type Head = Readonly<{
  /** How long it has been in memory. */
  ageMs: number;
  /** How much of that time this process was idle: what kept the command was not a lack of CPU then. */
  idleAgeMs: number;
  state: QueueState;
}> &
  Pick<Arrival, 'queued' | 'hasNeighbours' | 'bestCasePerSecond'>;

/** True when a command has waited in memory for so long that it must leave. */
export const isTooOld = ({
  ageMs,
  idleAgeMs,
  state,
  queued,
  hasNeighbours,
  bestCasePerSecond,
}: Head): boolean => {
  if (ageMs < deferralRules.maxAgeMs) return false;
  if (state !== 'fresh' && hasNeighbours()) return true;
  if (ageMs < deferralRules.maxAgeAloneMs) return false;
  return idleAgeMs >= deferralRules.maxAgeAloneMs || isSlow(queued, bestCasePerSecond);
};

export type Backlog = Readonly<{
  /** Commands of the same subscription that come before it, in memory and on the ladder. */
  ahead: number;
  /** As many of them as may come back. */
  returnsPerSecond: number;
  /** For how long the endpoint has been broken; 0 when it is not. */
  brokenMs: number;
}>;

/**
 * The rung for a spilled command: long enough for what keeps it away, and for all that is ahead of it. So the last of
 * 20,000 does not come back every few seconds only to be put aside again, and the backlog of an endpoint that is down for
 * hours does not circle at the pace of its probes: what comes back a second stays in proportion to what came in.
 */
export const rungForDeferral = (
  { waitMs }: DeferralCause,
  { ahead, returnsPerSecond, brokenMs }: Backlog,
): Rung => {
  const { brokenPerSecond, brokenPart, maxOvershootFactor } = deferralRules;
  const drainMs = (ahead / returnsPerSecond) * 1_000;
  const brokenBacklogMs = Math.min((ahead / brokenPerSecond) * 1_000, brokenMs * brokenPart);
  const wantedMs = Math.max(waitMs, drainMs, brokenBacklogMs);
  const rung = rungOfAtLeast(wantedMs);
  // A minute for 9 s would be 51 s for nobody's sake.
  return rung.delayMs <= wantedMs * maxOvershootFactor ? rung : rungFor(wantedMs);
};

type Seen = { subscriptionId: string; atMs: number };

/** A subscription with no more than this waiting is one that a neighbour's backlog would hurt. */
export const lightQueueLength = 16;

const noSubscription = '';

/**
 * Who else's commands come through a partition. A backlog hurts only those behind it in the same partition: where
 * nobody is, holding the partition back is free, while a trip over the ladder costs as much as a delivery. The two
 * subscriptions that were light last are enough to know: one of them is not the one that asks.
 */
export class PartitionNeighbours {
  #last: Seen = { subscriptionId: noSubscription, atMs: -Infinity };
  #before: Seen = { subscriptionId: noSubscription, atMs: -Infinity };

  /** A command of a subscription has come, and that many were waiting before it. */
  record(subscriptionId: string, waiting: number, nowMs: number): void {
    if (waiting > lightQueueLength) return;
    if (this.#last.subscriptionId === subscriptionId) {
      this.#last.atMs = nowMs;
      return;
    }
    this.#before = this.#last;
    this.#last = { subscriptionId, atMs: nowMs };
  }

  /** True when another subscription came by after `sinceMs` and still has little waiting. */
  hasOther(subscriptionId: string, sinceMs: number, queuedOf: (subscriptionId: string) => number): boolean {
    const isOther = (seen: Seen): boolean =>
      seen.subscriptionId !== subscriptionId &&
      seen.atMs >= sinceMs &&
      queuedOf(seen.subscriptionId) <= lightQueueLength;
    return isOther(this.#last) || isOther(this.#before);
  }
}
