import {
  type AttemptEnd,
  type DeliveryState,
  type FailureReason,
  failureReasons,
  type NextStep,
  type SubscriptionRecord,
} from '@tidings/contracts';

/** Rules for the time after a failure. */
export type RetryRules = Readonly<{
  /**
   * Seconds before each attempt after the first, from the subscription. A leading 0 denotes the first attempt itself.
   */
  scheduleSeconds: readonly number[];
  /** Failures after which there is no further attempt. */
  notRetried: ReadonlySet<FailureReason>;
}>;

/**
 * Retry policy of each kind of failure. `ends`: a retry cannot succeed, because the endpoint is gone (410) or the
 * service's own rules block the address. After a 410, `SubscriptionDirectory.markGone` stops this process from sending
 * more, and the registry disables the subscription (`transitionOf` in its endpoint-health). All other failures may be temporary, including apparent mistakes of the endpoint's
 * owner: if an expired certificate, a redirect or a 404 is fixed within the schedule, the event is delivered.
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

/** Failures that end a delivery at once. */
export const defaultNotRetried: ReadonlySet<FailureReason> = new Set(
  failureReasons.filter((reason) => retryPolicy[reason] === 'ends'),
);

/** Maximum fraction that jitter adds to a wait. Jitter never shortens a wait. */
const maxJitter = 0.1;

/** Minimum seconds between probes of a blocked queue, whatever its schedule ends with. */
const shortestProbeSeconds = 5;

const delaysOf = (scheduleSeconds: readonly number[]): readonly number[] =>
  scheduleSeconds[0] === 0 ? scheduleSeconds.slice(1) : scheduleSeconds;

/** Returns true for the first wait beyond the schedule: from here on the head only blocks its queue. */
export const isFirstProbe = (position: number, scheduleSeconds: readonly number[]): boolean =>
  position === delaysOf(scheduleSeconds).length + 1;

// Seconds between two probes of a head that blocks its queue.
const probeSecondsOf = (delays: readonly number[]): number =>
  Math.max(delays.at(-1) ?? 0, shortestProbeSeconds);

type NextStepInput = Readonly<{
  outcome: AttemptEnd;
  /** Index into the schedule of the wait that follows this attempt. */
  position: number;
  rules: RetryRules;
  /** The wait that a 429 or 503 requested; null for none. */
  retryAfterMs: number | null;
  /** From 0 (inclusive) to 1 (exclusive). */
  jitter: number;
  /** True for the head of a blocking queue: it is retried indefinitely at the last wait of the schedule. */
  blocks: boolean;
  nowMs: number;
}>;

/**
 * Decides what follows an attempt: nothing, a retry at a time that the schedule determines, or a dead letter.
 * Retry-After lengthens a wait, never shortens it. `record-resolution.ts` then writes the retry to a rung of the ladder
 * (`retry-ladder.ts`), and `relay-due-retries.ts` moves it back when it is due.
 */
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
  // The subscription of a gone endpoint is disabled: a probe would not be sent.
  const isFinal = rules.notRetried.has(outcome.reason) && (!blocks || outcome.reason === 'gone');
  if (isFinal) return { kind: 'dead-letter', reason: 'not-retried' };
  const delaySeconds = delays[position] ?? (blocks ? probeSecondsOf(delays) : undefined);
  if (delaySeconds === undefined) return { kind: 'dead-letter', reason: 'exhausted' };
  const scheduledMs = delaySeconds * 1_000 * (1 + maxJitter * jitter);
  return { kind: 'retry', atMs: Math.ceil(nowMs + Math.max(scheduledMs, retryAfterMs ?? 0)) };
};

/**
 * Returns the time at which a waiting command is due under the subscription's current settings. A shorter
 * wait applies at once. A head that only blocks is due at once if its queue may now continue without it. A
 * longer wait applies from the next failure on. A wait that the endpoint requested is kept.
 */
export const dueUnder = (
  { notBeforeMs, position, attempts }: Pick<DeliveryState, 'notBeforeMs' | 'position' | 'attempts'>,
  { retryScheduleSeconds, onExhausted }: Pick<SubscriptionRecord, 'retryScheduleSeconds' | 'onExhausted'>,
): number | null => {
  const last = attempts.at(-1);
  if (notBeforeMs === null || last === undefined) return notBeforeMs;
  if (last.statusCode === 429 || last.statusCode === 503) return notBeforeMs;
  const delays = delaysOf(retryScheduleSeconds);
  if (onExhausted === 'skip' && position > delays.length) return null;
  const delaySeconds = delays[position - 1] ?? probeSecondsOf(delays);
  const latestMs = last.atMs + last.durationMs + delaySeconds * 1_000 * (1 + maxJitter);
  return Math.min(notBeforeMs, Math.ceil(latestMs));
};

/**
 * Returns a pseudo-random fraction from 0 (inclusive) to 1 that is the same for every copy of a
 * command. Two copies left by a crash are then due together, and the second finds the first still in
 * memory. The delivery id is already a hash.
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
