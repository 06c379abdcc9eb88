import {
  type AttemptEnd,
  type DeliveryState,
  type FailureReason,
  failureReasons,
  type NextStep,
  type SubscriptionRecord,
} from '@tidings/contracts';

/** What decides over the time after a failure. */
export type RetryRules = Readonly<{
  /** Seconds before each attempt after the first, from the subscription. A leading 0 means the first attempt itself. */
  scheduleSeconds: readonly number[];
  /** Failures after which there is no further attempt. */
  notRetried: ReadonlySet<FailureReason>;
}>;

/**
 * What follows each kind of failure. `ends`: repeating cannot cure it, since the endpoint said so or our own rules forbid
 * the address. Everything else may be better next time, also what looks like the owner's mistake: a partner who mends an
 * expired certificate, a redirect or a 404 within the schedule gets the event.
 */
const retryPolicy: Readonly<Record<FailureReason, 'retried' | 'ends'>> = {
  'http-status': 'retried',
  redirect: 'retried',
  gone: 'ends',
  'rate-limited': 'retried',
  timeout: 'retried',
  dns: 'retried',
  refused: 'retried',
  reset: 'retried',
  tls: 'retried',
  protocol: 'retried',
  'blocked-address': 'ends',
  'invalid-url': 'ends',
};

/** The failures that end a delivery at once. */
export const defaultNotRetried: ReadonlySet<FailureReason> = new Set(
  failureReasons.filter((reason) => retryPolicy[reason] === 'ends'),
);

/** The part of a wait that jitter may add: it only lengthens. */
const maxJitter = 0.1;

/** A blocked line is probed no more often than this, whatever its schedule ends with. */
const shortestProbeSeconds = 5;

const delaysOf = (scheduleSeconds: readonly number[]): readonly number[] =>
  scheduleSeconds[0] === 0 ? scheduleSeconds.slice(1) : scheduleSeconds;

/** True for the first wait that is not in the schedule any more: from here on a head only blocks its line. */
export const isFirstProbe = (position: number, scheduleSeconds: readonly number[]): boolean =>
  position === delaysOf(scheduleSeconds).length + 1;

// How long a head that blocks its line waits between two tries.
const probeSecondsOf = (delays: readonly number[]): number =>
  Math.max(delays.at(-1) ?? 0, shortestProbeSeconds);

type NextStepInput = Readonly<{
  outcome: AttemptEnd;
  /** Index into the schedule of the wait that follows this attempt. */
  position: number;
  rules: RetryRules;
  /** What a 429 or 503 asked for; null when nothing was asked. */
  retryAfterMs: number | null;
  /** From 0 (included) to 1. */
  jitter: number;
  /** The head of a line that nothing may pass: it is tried again and again at the last wait of the schedule. */
  blocks: boolean;
  nowMs: number;
}>;

/** What follows an attempt: nothing, another one at a time, or dead-letters. Retry-After lengthens a wait, never shortens it. */
export const nextStep = ({
  outcome,
  position,
  rules,
  retryAfterMs,
  jitter,
  blocks,
  nowMs,
}: NextStepInput): NextStep => {
  if (outcome.kind === 'delivered') return { kind: 'none' };
  const delays = delaysOf(rules.scheduleSeconds);
  // A gone endpoint is disabled: no probe would reach it.
  const isFinal = rules.notRetried.has(outcome.reason) && (!blocks || outcome.reason === 'gone');
  if (isFinal) return { kind: 'dead-letter', reason: 'not-retried' };
  const delaySeconds = delays[position] ?? (blocks ? probeSecondsOf(delays) : undefined);
  if (delaySeconds === undefined) return { kind: 'dead-letter', reason: 'exhausted' };
  const scheduledMs = delaySeconds * 1_000 * (1 + maxJitter * jitter);
  return { kind: 'retry', atMs: Math.ceil(nowMs + Math.max(scheduledMs, retryAfterMs ?? 0)) };
};

/**
 * When a command that waits is due by the subscription as it is now: a shorter wait counts at once, and a head that was
 * only there to block goes at once when its line may go on without it. A longer wait counts from the next failure on,
 * and what the endpoint asked for is kept.
 */
export const dueUnder = (
  { notBeforeMs, position, attempts }: Pick<DeliveryState, 'notBeforeMs' | 'position' | 'attempts'>,
  { retryScheduleSeconds, onExhausted }: Pick<SubscriptionRecord, 'retryScheduleSeconds' | 'onExhausted'>,
): number | null => {
  const last = attempts.at(-1);
  if (notBeforeMs === null || last === undefined) return notBeforeMs;
  // With any other reason the answer was not whole, and nothing that it asked for was read.
  const isWhole = last.reason === 'http-status' || last.reason === 'rate-limited';
  if (isWhole && (last.statusCode === 429 || last.statusCode === 503)) return notBeforeMs;
  const delays = delaysOf(retryScheduleSeconds);
  if (onExhausted === 'skip' && position > delays.length) return null;
  const delaySeconds = delays[position - 1] ?? probeSecondsOf(delays);
  const latestMs = last.atMs + last.durationMs + delaySeconds * 1_000 * (1 + maxJitter);
  return Math.min(notBeforeMs, Math.ceil(latestMs));
};

/**
 * A fraction from 0 (included) to 1 that looks random but is the same for every copy of a command: two copies that a
 * crash left then come due together, and the second finds the first still in memory. The delivery id is a hash already.
 */
export const jitterOf = ({
  deliveryId,
  chain,
  attempt,
}: Pick<DeliveryState, 'deliveryId' | 'chain' | 'attempt'>): number => {
  const word = Number.parseInt(deliveryId.slice(-8), 16) >>> 0;
  let mixed = (word ^ Math.imul(attempt, 0x9e3779b1) ^ Math.imul(chain + 1, 0x85ebca6b)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b) >>> 0;
  mixed = (mixed ^ (mixed >>> 16)) >>> 0;
  return mixed / 0x1_0000_0000;
};
