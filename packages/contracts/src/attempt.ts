import type { ConsumerId, DeliveryId, EventId, SubscriptionId, WorkspaceId } from './ids.ts';
import {
  type DeadLetterReason,
  type DeferralReason,
  deadLetterReasons,
  deferralReasons,
  type FailureReason,
  failureReasons,
  type SuppressionReason,
  suppressionReasons,
  type Trigger,
  triggers,
} from './outcome.ts';
import { compileSchema, exactly, parseJson, shape } from './schemas.ts';
import { DecodeError, type WireRecord } from './wire.ts';

/** What follows an attempt. */
export type NextStep =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'retry'; atMs: number }>
  | Readonly<{ kind: 'dead-letter'; reason: DeadLetterReason }>;

/** How an attempt, or the decision not to make one, ended. */
export type AttemptOutcome =
  | Readonly<{ kind: 'delivered'; statusCode: number; responseExcerpt: string | null }>
  | Readonly<{
      kind: 'failed';
      reason: FailureReason;
      statusCode: number | null;
      responseExcerpt: string | null;
    }>
  | Readonly<{ kind: 'suppressed'; reason: SuppressionReason }>
  /** Terminal without an attempt: the command went to dead-letters as it was. */
  | Readonly<{ kind: 'set-aside'; reason: DeadLetterReason }>
  | Readonly<{ kind: 'deferred'; reason: DeferralReason }>;

/** The outcome of an attempt: of something that was asked of an endpoint. */
export type AttemptEnd = Extract<AttemptOutcome, { kind: 'delivered' | 'failed' }>;

/** What is kept of a response, in bytes. */
const maxExcerptBytes = 1_024;

const failureOfStatus = (status: number): FailureReason => {
  if (status === 410) return 'gone';
  if (status === 429) return 'rate-limited';
  return status >= 300 && status < 400 ? 'redirect' : 'http-status';
};

/** What a response means: 2xx is delivered, everything else failed. `body` is as much of it as was read. */
export const endOfResponse = (status: number, body: Buffer): AttemptEnd => {
  const responseExcerpt = body.length === 0 ? null : body.toString('utf8', 0, maxExcerptBytes);
  return status >= 200 && status < 300
    ? { kind: 'delivered', statusCode: status, responseExcerpt }
    : { kind: 'failed', reason: failureOfStatus(status), statusCode: status, responseExcerpt };
};

/** A request that got no whole response. `statusCode` is the status that was read before it failed, if any was. */
export const endOfFailure = (reason: FailureReason, statusCode: number | null): AttemptEnd => ({
  kind: 'failed',
  reason,
  statusCode,
  responseExcerpt: null,
});

/** A fact about one delivery. Times are epoch milliseconds, durations milliseconds. */
export type AttemptRecorded = Readonly<{
  type: 'AttemptRecorded.v1';
  deliveryId: DeliveryId;
  eventId: EventId;
  eventType: string;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  subscriptionId: SubscriptionId;
  subscriptionVersion: number;
  chain: number;
  attempt: number;
  trigger: Trigger;
  atMs: number;
  durationMs: number;
  acceptedAtMs: number;
  outcome: AttemptOutcome;
  next: NextStep;
}>;

const nullableStatus = { type: ['integer', 'null'], minimum: 100, maximum: 999 } as const;
const tagged = (kind: string, rest: Readonly<Record<string, unknown>> = {}): object =>
  exactly({ kind: { const: kind }, ...rest });

const checkAttempt = compileSchema<AttemptRecorded>(
  'AttemptRecorded.v1',
  exactly({
    type: { const: 'AttemptRecorded.v1' },
    deliveryId: shape.deliveryId,
    eventId: shape.eventId,
    eventType: shape.text,
    workspaceId: shape.workspaceId,
    consumerId: shape.nullableText,
    subscriptionId: shape.subscriptionId,
    subscriptionVersion: shape.count,
    chain: shape.count,
    attempt: { type: 'integer', minimum: 1 },
    trigger: { enum: triggers },
    atMs: shape.epochMs,
    durationMs: shape.count,
    acceptedAtMs: shape.epochMs,
    outcome: {
      oneOf: [
        tagged('delivered', {
          statusCode: { type: 'integer', minimum: 200, maximum: 299 },
          responseExcerpt: shape.nullableText,
        }),
        tagged('failed', {
          reason: { enum: failureReasons },
          statusCode: nullableStatus,
          responseExcerpt: shape.nullableText,
        }),
        tagged('suppressed', { reason: { enum: suppressionReasons } }),
        tagged('set-aside', { reason: { enum: deadLetterReasons } }),
        tagged('deferred', { reason: { enum: deferralReasons } }),
      ],
    },
    next: {
      oneOf: [
        tagged('none'),
        tagged('retry', { atMs: shape.epochMs }),
        tagged('dead-letter', { reason: { enum: deadLetterReasons } }),
      ],
    },
  }),
);

/**
 * The name of a fact: a crash can record one attempt twice, and both records carry this id. Facts that are no attempts
 * (suppressed, set aside, deferred) are named apart, so that they never stand in the place of an attempt.
 */
export const attemptId = (attempt: AttemptRecorded): string => {
  const base = `${attempt.deliveryId}.${attempt.chain}.${attempt.attempt}`;
  switch (attempt.outcome.kind) {
    case 'delivered':
    case 'failed':
      return base;
    case 'suppressed':
    case 'set-aside':
      return `${base}.end`;
    case 'deferred':
      return `${base}.deferred`;
  }
};

/** The record of an attempt. The key is the subscription id, so it lies in the same partition as its command. */
export const encodeAttempt = (attempt: AttemptRecorded, traceparent: string | null): WireRecord => ({
  key: attempt.subscriptionId,
  headers: traceparent === null ? {} : { traceparent },
  value: Buffer.from(JSON.stringify(attempt)),
});

/** Decodes a record of the attempts topic. Throws DecodeError. */
export const decodeAttempt = (record: WireRecord): AttemptRecorded => {
  if (record.value === null) throw new DecodeError('not a valid AttemptRecorded.v1', 'the value is missing');
  return checkAttempt(parseJson('AttemptRecorded.v1', record.value.toString('utf8')));
};
