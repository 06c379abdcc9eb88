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
import type { Route } from './disposition.ts';
import { jitterOf, nextStep, type RetryRules } from './next-step.ts';
import { parseRetryAfter } from './retry-after.ts';
import { hopFor } from './retry-ladder.ts';

/** The record that takes the place of a command in the log. */
export type FollowUp =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'command'; state: DeliveryState; rung: Rung }>
  | Readonly<{ kind: 'dead-letter'; reason: DeliveryDeadLettered['reason']; state: DeliveryState }>;

/** All that must be in the log before a command may be forgotten. */
export type Verdict = Readonly<{ fact: AttemptRecorded | null; followUp: FollowUp }>;

// 20 steps make 21 attempts; redrives may add theirs, and a header must stay small.
const maxSummaries = 32;

type FactPart = Readonly<{
  outcome: AttemptOutcome;
  next: NextStep;
  atMs: number;
  durationMs: number;
  subscriptionVersion: number;
}>;

const factOf = (state: DeliveryState, part: FactPart): AttemptRecorded => ({
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
});

const deadLetterReasonOf = (reason: DeadLetterReason): DeliveryDeadLettered['reason'] => {
  // Those two are said of records that no one could work on, never of a command.
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
  return { kind: 'command', state: following, rung: hopFor(next.atMs - nowMs) };
};

/**
 * What an attempt leaves behind: its fact, and the next command or a dead letter. The head of a line may have to stay
 * until it succeeds.
 */
export const verdictOnAttempt = (
  attempted: ConcludedAttempt,
  notRetried: RetryRules['notRetried'],
  isHeadOfLine: boolean,
): Verdict => {
  const { state, subscription, outcome, endedAtMs: nowMs } = attempted;
  const next = nextStep({
    outcome,
    position: state.position,
    rules: { scheduleSeconds: subscription.retryScheduleSeconds, notRetried },
    retryAfterMs: parseRetryAfter(attempted.retryAfter, nowMs),
    jitter: jitterOf(state),
    blocks: isHeadOfLine && subscription.onExhausted === 'block',
    nowMs,
  });
  const { atMs, durationMs } = attempted;
  const fact = factOf(state, { outcome, next, atMs, durationMs, subscriptionVersion: subscription.version });
  return { fact, followUp: followUpOf(next, attempted, nowMs) };
};

/** What remains to be done for a command whose copy is finished: nothing. */
export const verdictOnFinished: Verdict = { fact: null, followUp: { kind: 'none' } };

/** What a command leaves behind that is not attempted now: it waits on the ladder, or ends. */
export const verdictOnRoute = (
  state: DeliveryState,
  route: Exclude<Route, { kind: 'attempt' }>,
  nowMs: number,
): Verdict => {
  const part = { atMs: nowMs, durationMs: 0, subscriptionVersion: state.subscriptionVersion };
  switch (route.kind) {
    case 'wait':
      return { fact: null, followUp: { kind: 'command', state, rung: hopFor(route.remainingMs) } };
    case 'await-subscription': {
      const waiting: DeliveryState = { ...state, deferrals: state.deferrals + 1 };
      return { fact: null, followUp: { kind: 'command', state: waiting, rung: route.rung } };
    }
    case 'suppress': {
      const outcome = { kind: 'suppressed', reason: route.reason } as const;
      return {
        fact: factOf(state, { ...part, outcome, next: { kind: 'none' } }),
        followUp: { kind: 'none' },
      };
    }
    case 'set-aside': {
      const { reason } = route;
      const outcome = { kind: 'set-aside', reason } as const;
      return {
        fact: factOf(state, { ...part, outcome, next: { kind: 'dead-letter', reason } }),
        followUp: { kind: 'dead-letter', reason, state: { ...state, notBeforeMs: null } },
      };
    }
  }
};

type Deferral = Readonly<{ reason: DeferralReason; rung: Rung; subscriptionVersion: number; nowMs: number }>;

/**
 * What a command leaves behind that is due but is put aside. The fact tells partners that it waits; it is said once,
 * however often the command is put aside again before its next attempt.
 */
export const verdictOnDeferral = (
  state: DeliveryState,
  { reason, rung, subscriptionVersion, nowMs }: Deferral,
): Verdict => {
  const outcome = { kind: 'deferred', reason } as const;
  const next: NextStep = { kind: 'retry', atMs: nowMs + rung.delayMs };
  const isNews = state.deferrals === 0;
  return {
    fact: isNews ? factOf(state, { outcome, next, atMs: nowMs, durationMs: 0, subscriptionVersion }) : null,
    followUp: { kind: 'command', state: { ...state, deferrals: state.deferrals + 1 }, rung },
  };
};
