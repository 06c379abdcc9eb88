import type { DeferralReason, Rung } from '@tidings/contracts';
import { rungFor, rungOfAtLeast } from '../../domain/retry-ladder.ts';
import type { QueueState } from '../../queue/domain/subscription-queue.ts';
import type { Admission } from './circuit-breaker.ts';

/** Limits above which due commands are deferred from memory to the ladder. */
export const deferralRules = {
  /** Maximum commands of one subscription in memory while it has neighbours in its partition. See `maxQueuedMs`. */
  maxQueued: 64,
  /** Raises `maxQueued` to as many commands as the endpoint processes within this time, if that is more. */
  maxQueuedMs: 250,
  /** The same limit behind a half-open breaker, which admits one request at a time. */
  maxQueuedBehindProbe: 8,
  /** Maximum time of a command in memory while it has neighbours in its partition. */
  maxAgeMs: 2_000,
  /**
   * The same without neighbours, or if only this process delays the command: its subscription has nothing in flight.
   */
  maxAgeAloneMs: 10_000,
  /** Neighbours seen within this time count. */
  neighbourWindowMs: 10_000,
  /**
   * Deferred commands that may always return per second to an endpoint with a long outage, only to be deferred again.
   */
  brokenPerSecond: 1,
  /**
   * Raises `brokenPerSecond` to the returns per second if each command is deferred for this fraction of the outage.
   */
  brokenPart: 0.25,
  /** Maximum factor by which a wait may be lengthened to fit one rung. Otherwise it is split into several. */
  maxOvershootFactor: 3,
} as const;

// A probe ends within its timeout, so the commands behind it need only a short deferral.
const behindProbeMs = 5_000;

/** The reason of a deferral and the minimum wait that the endpoint's state requires. */
export type DeferralCause = Readonly<{ reason: DeferralReason; waitMs: number }>;

export type Arrival = Readonly<{
  admission: Admission;
  /** Commands already queued for the same subscription. */
  queued: number;
  hasNeighbours: () => boolean;
  isThrottled: boolean;
  /** Measured commands per second, including delays of this process; null until the endpoint has answered. */
  takesPerSecond: number | null;
  /** The same without delays that may be due to this process. */
  bestCasePerSecond: number | null;
}>;

const isTooLong = (queued: number, takesPerSecond: number, withinMs: number): boolean =>
  queued >= Math.max(deferralRules.maxQueued, (takesPerSecond * withinMs) / 1_000);

// The capacity of an endpoint is unknown until it has answered.
const isSlow = (queued: number, bestCasePerSecond: number | null): boolean =>
  bestCasePerSecond !== null && isTooLong(queued, bestCasePerSecond, deferralRules.maxAgeAloneMs);

/** Decides whether a new command is deferred instead of queued. Returns the cause, or null. */
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
  // Without neighbours, only commands that would become too old in memory are deferred at once: neighbours
  // behind them in the log are unknown while the partition is full. A process that is short of CPU pauses its
  // partitions instead: a deferred command would cost it the same work again.
  if (!isSlow(queued, bestCasePerSecond) && !hasNeighbours()) return null;
  return { reason: isThrottled ? 'rate-limit' : 'queue-full', waitMs: 0 };
};

/** The command at the head of a queue. */
export type Head = Readonly<{
  /** Time in memory. */
  ageMs: number;
  /** Part of that time during which this process was idle: a lack of CPU was not the cause of the wait then. */
  idleAgeMs: number;
  state: QueueState;
}> &
  Pick<Arrival, 'queued' | 'hasNeighbours' | 'bestCasePerSecond'>;

/** Returns true when a command has waited in memory so long that it must be deferred. */
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
  /** Commands of the same subscription ahead of it, in memory and on the ladder. */
  ahead: number;
  /** Maximum deferred commands that return per second. */
  returnsPerSecond: number;
  /** Duration of the endpoint's outage; 0 if the breaker is closed. */
  brokenMs: number;
}>;

/**
 * Chooses the rung of a deferred command: long enough for its cause and for all commands ahead of it. Thus the last
 * of 20,000 commands does not return every few seconds only to be deferred again. The backlog of an endpoint that is
 * down for hours does not circulate at the rate of its probes: returns per second stay in proportion to the arrivals.
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
  // A minute instead of 9 s would delay the command by 51 s without a benefit.
  return rung.delayMs <= wantedMs * maxOvershootFactor ? rung : rungFor(wantedMs);
};
