import type {
  AttemptOutcome,
  AttemptRecorded,
  DeadLetterReason,
  DeferralReason,
  DeliveryDeadLettered,
  DeliveryState,
  NextStep,
  Rung,
} from '@tidings/contracts';
import { type ConcludedAttempt, summaryOf } from './attempt.ts';
import type { Disposition } from './disposition.ts';
import { parseRetryAfter } from './retry-after.ts';
import { rungFor, rungOfAtLeast } from './retry-ladder.ts';
import { jitterOf, nextStep, type RetryRules } from './retry-policy.ts';

type FollowUpCommand = Readonly<{ kind: 'command'; state: DeliveryState; rung: Rung }>;

/** The record that replaces a command in the log. */
export type FollowUp =
  | Readonly<{ kind: 'none' }>
  | FollowUpCommand
  | Readonly<{ kind: 'dead-letter'; reason: DeliveryDeadLettered['reason']; state: DeliveryState }>;

/** All that must be in the log before a command may be forgotten. */
export type Resolution = Readonly<{ attemptEvent: AttemptRecorded | null; followUp: FollowUp }>;

// 20 steps make 21 attempts and redrives may add more, but a header must stay small.
const maxSummaries = 32;

type AttemptEventPart = Readonly<{
  outcome: AttemptOutcome;
  next: NextStep;
  atMs: number;
  durationMs: number;
  subscriptionVersion: number;
  exchange?: string;
}>;

const attemptEventOf = (state: DeliveryState, part: AttemptEventPart): AttemptRecorded => ({
  type: 'AttemptRecorded.v1',
  deliveryId: state.deliveryId,
  eventId: state.eventId,
  eventType: state.eventType,
  workspaceId: state.workspaceId,
  consumerId: state.consumerId,
  subscriptionId: state.subscriptionId,
  subscriptionVersion: part.subscriptionVersion,
  chain: state.chain,
  attempt: state.attempt,
  trigger: state.trigger,
  atMs: part.atMs,
  durationMs: part.durationMs,
  acceptedAtMs: state.acceptedAtMs,
  outcome: part.outcome,
  next: part.next,
  ...(state.orderingKey === null ? {} : { orderingKey: state.orderingKey }),
  ...(state.addressedTo === undefined ? {} : { addressedTo: state.addressedTo }),
  ...(part.exchange !== undefined && { exchange: part.exchange }),
});

const deadLetterReasonOf = (reason: DeadLetterReason): DeliveryDeadLettered['reason'] => {
  // These two reasons apply to records that could not be processed, never to a command.
  if (reason === 'undecodable' || reason === 'idempotency-conflict')
    throw new TypeError(`not for a command: ${reason}`);
  return reason;
};

const followUpOf = (next: NextStep, attempted: ConcludedAttempt, nowMs: number): FollowUp => {
  if (next.kind === 'none') return { kind: 'none' };
  const { state } = attempted;
  const attempts = [...state.attempts, summaryOf(attempted)].slice(-maxSummaries);
  const firstAttemptAtMs = state.firstAttemptAtMs ?? attempted.atMs;
  if (next.kind === 'dead-letter') {
    const ended: DeliveryState = { ...state, firstAttemptAtMs, attempts, notBeforeMs: null };
    return { kind: 'dead-letter', reason: deadLetterReasonOf(next.reason), state: ended };
  }
  const following: DeliveryState = {
    ...state,
    attempt: state.attempt + 1,
    position: state.position + 1,
    trigger: 'retry',
    firstAttemptAtMs,
    notBeforeMs: next.atMs,
    deferrals: 0,
    attempts,
  };
  return { kind: 'command', state: following, rung: rungFor(next.atMs - nowMs) };
};

/**
 * Returns the resolution of an attempt: its attempt event, and the next command or a dead letter. A head of a
 * blocking queue may have to stay until it succeeds.
 */
export const resolutionOfAttempt = (
  attempted: ConcludedAttempt,
  notRetried: RetryRules['notRetried'],
  isHeadOfQueue: boolean,
): Resolution => {
  const { state, subscription, outcome, exchange, endedAtMs: nowMs } = attempted;
  const next = nextStep({
    outcome,
    position: state.position,
    rules: { scheduleSeconds: subscription.retryScheduleSeconds, notRetried },
    retryAfterMs: parseRetryAfter(attempted.retryAfter, nowMs),
    jitter: jitterOf(state),
    blocks: isHeadOfQueue && subscription.onExhausted === 'block',
    nowMs,
  });
  const { atMs, durationMs } = attempted;
  const attemptEvent = attemptEventOf(state, {
    outcome,
    next,
    atMs,
    durationMs,
    subscriptionVersion: subscription.version,
    exchange,
  });
  return { attemptEvent, followUp: followUpOf(next, attempted, nowMs) };
};

/** Resolution of a command whose copy has finished: nothing remains to be written. */
export const resolutionOfFinished: Resolution = { attemptEvent: null, followUp: { kind: 'none' } };

/** Returns the resolution of a command that is not attempted now: it waits on the ladder, or ends. */
export const resolutionOfDisposition = (
  state: DeliveryState,
  disposition: Exclude<Disposition, { kind: 'attempt' }>,
  nowMs: number,
): Resolution => {
  const part = { atMs: nowMs, durationMs: 0, subscriptionVersion: state.subscriptionVersion };
  switch (disposition.kind) {
    case 'wait':
      return {
        attemptEvent: null,
        followUp: { kind: 'command', state, rung: rungFor(disposition.remainingMs) },
      };
    case 'await-subscription': {
      const waiting: DeliveryState = { ...state, deferrals: state.deferrals + 1 };
      return { attemptEvent: null, followUp: { kind: 'command', state: waiting, rung: disposition.rung } };
    }
    case 'suppress': {
      const { reason } = disposition;
      const outcome = { kind: 'suppressed', reason } as const;
      // An ordering key may name a person.
      const shown = reason === 'erased' ? { ...state, orderingKey: null } : state;
      return {
        attemptEvent: attemptEventOf(shown, { ...part, outcome, next: { kind: 'none' } }),
        followUp: { kind: 'none' },
      };
    }
    case 'dead-letter': {
      const { reason } = disposition;
      const outcome = { kind: 'set-aside', reason } as const;
      return {
        attemptEvent: attemptEventOf(state, { ...part, outcome, next: { kind: 'dead-letter', reason } }),
        followUp: { kind: 'dead-letter', reason, state: { ...state, notBeforeMs: null } },
      };
    }
  }
};

/**
 * A move of a command to a rung of the ladder without an attempt. `subscriptionVersion` defaults to the version that the
 * command was made for.
 */
export type Deferral = Readonly<{ reason: DeferralReason; rung: Rung; subscriptionVersion?: number }>;

/** Returns the deferral, by at least `delayMs`, of a command that this process cannot send for a reason of its own. */
export const heldFor = (delayMs: number): Deferral => ({ reason: 'held', rung: rungOfAtLeast(delayMs) });

/**
 * Returns the resolution of a deferred command. The attempt event informs users that the command waits. It is
 * written once, however often the command is deferred again before its next attempt.
 */
export const resolutionOfDeferral = (
  state: DeliveryState,
  { reason, rung, subscriptionVersion = state.subscriptionVersion }: Deferral,
  nowMs: number,
): Resolution & Readonly<{ followUp: FollowUpCommand }> => {
  const outcome = { kind: 'deferred', reason } as const;
  const next: NextStep = { kind: 'retry', atMs: nowMs + rung.delayMs };
  const isNews = state.deferrals === 0;
  return {
    attemptEvent: isNews
      ? attemptEventOf(state, { outcome, next, atMs: nowMs, durationMs: 0, subscriptionVersion })
      : null,
    followUp: { kind: 'command', state: { ...state, deferrals: state.deferrals + 1 }, rung },
  };
};
