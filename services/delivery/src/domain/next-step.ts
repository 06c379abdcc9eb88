import type { AttemptOutcome, FailureReason, NextStep } from '@tidings/contracts';

/** What decides over the time after a failure. */
export type RetryRules = Readonly<{
  /** Seconds before each attempt after the first, from the subscription. A leading 0 means the first attempt itself. */
  scheduleSeconds: readonly number[];
  /** Failures after which there is no further attempt. */
  notRetried: ReadonlySet<FailureReason>;
}>;

/** A failure that repeating cannot cure: the endpoint said so, or the policy forbids the address. */
export const defaultNotRetried: ReadonlySet<FailureReason> = new Set([
  'gone',
  'blocked-address',
  'invalid-url',
]);

/** The part of a wait that jitter may add: it only lengthens. */
const maxJitter = 0.1;

const delaysOf = (scheduleSeconds: readonly number[]): readonly number[] =>
  scheduleSeconds[0] === 0 ? scheduleSeconds.slice(1) : scheduleSeconds;

type NextStepInput = Readonly<{
  outcome: Extract<AttemptOutcome, { kind: 'delivered' | 'failed' }>;
  /** Index into the schedule of the wait that follows this attempt. */
  position: number;
  rules: RetryRules;
  /** What a 429 or 503 asked for; null when nothing was asked. */
  retryAfterMs: number | null;
  /** From 0 (included) to 1. */
  jitter: number;
  nowMs: number;
}>;

/** What follows an attempt: nothing, another one at a time, or dead-letters. Retry-After lengthens a wait, never shortens it. */
export const nextStep = ({
  outcome,
  position,
  rules,
  retryAfterMs,
  jitter,
  nowMs,
}: NextStepInput): NextStep => {
  if (outcome.kind === 'delivered') return { kind: 'none' };
  if (rules.notRetried.has(outcome.reason)) return { kind: 'dead-letter', reason: 'not-retried' };
  const delaySeconds = delaysOf(rules.scheduleSeconds)[position];
  if (delaySeconds === undefined) return { kind: 'dead-letter', reason: 'exhausted' };
  const scheduledMs = delaySeconds * 1_000 * (1 + maxJitter * jitter);
  return { kind: 'retry', atMs: Math.ceil(nowMs + Math.max(scheduledMs, retryAfterMs ?? 0)) };
};
