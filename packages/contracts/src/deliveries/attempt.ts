import type { ConsumerId, DeliveryId, EventId, SubscriptionId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';
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

/** Step that follows an attempt. */
export type NextStep =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'retry'; atMs: number }>
  | Readonly<{ kind: 'dead-letter'; reason: DeadLetterReason }>;

/** Outcome of an attempt, or of the decision not to make one. */
export type AttemptOutcome =
  | Readonly<{ kind: 'delivered'; statusCode: number; responseExcerpt: string | null }>
  | Readonly<{
      kind: 'failed';
      reason: FailureReason;
      statusCode: number | null;
      responseExcerpt: string | null;
    }>
  | Readonly<{ kind: 'suppressed'; reason: SuppressionReason }>
  /** Terminal without an attempt: the command was dead-lettered unchanged. */
  | Readonly<{ kind: 'set-aside'; reason: DeadLetterReason }>
  | Readonly<{ kind: 'deferred'; reason: DeferralReason }>;

/** Outcome of an attempt for which a request was sent. */
export type AttemptEnd = Extract<AttemptOutcome, { kind: 'delivered' | 'failed' }>;

/** An attempt event: the outcome of one delivery attempt. Times are epoch milliseconds, durations milliseconds. */
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
  /** Of the event; absent if it has none, and in records of earlier releases. */
  orderingKey?: string;
  /** The consumer that the event is addressed to, if the subscription belongs to none. */
  addressedTo?: ConsumerId;
  /**
   * The AttemptExchange of the request as JSON text, see `parseExchange`. It is a header of the record, so that readers
   * which do not need it need not parse it, and those of earlier releases can read the record. Absent without a request,
   * and in records of earlier releases.
   */
  exchange?: string;
}>;

const exchangeHeader = 'tidings-exchange';

const nullableStatus = { type: ['integer', 'null'], minimum: 100, maximum: 999 } as const;
const tagged = (kind: string, rest: Readonly<Record<string, unknown>> = {}): object =>
  exactly({ kind: { const: kind }, ...rest });

const checkAttempt = compileSchema<AttemptRecorded>(
  'AttemptRecorded.v1',
  exactly(
    {
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
    },
    { orderingKey: shape.text, addressedTo: shape.text },
  ),
);

/**
 * Returns the id of an attempt event. A crash can record one attempt twice; both records have the same id. Events
 * without a request (suppressed, dead-lettered, deferred) have ids of another form, so they never replace an attempt.
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

/** Encodes an attempt event. The key is the subscription id, so it is written to the partition of its command. */
export const encodeAttempt = (
  { exchange, ...attempt }: AttemptRecorded,
  traceparent: string | null,
): WireRecord => ({
  key: attempt.subscriptionId,
  headers: {
    ...(traceparent !== null && { traceparent }),
    ...(exchange !== undefined && { [exchangeHeader]: exchange }),
  },
  value: Buffer.from(JSON.stringify(attempt)),
});

/** Decodes a record of the attempts topic. Throws DecodeError. */
export const decodeAttempt = ({ value, headers }: WireRecord): AttemptRecorded => {
  if (value === null) throw new DecodeError('not a valid AttemptRecorded.v1', 'the value is missing');
  const attempt = checkAttempt(parseJson('AttemptRecorded.v1', value.toString('utf8')));
  const exchange = headers[exchangeHeader];
  // Added to the parsed object, since a copy costs half as much as decoding it.
  return exchange === undefined ? attempt : Object.assign(attempt, { exchange });
};
