import { type LargeData, largeDataProperties } from '../events/large-data.ts';
import type { ConsumerId, DeliveryId, EventId, SubscriptionId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';
import { type BodyFormat, bodyFormats, failureReasons, type Trigger, triggers } from './outcome.ts';

/** Summary of an earlier attempt, carried along so that a dead letter holds the complete history. */
export type AttemptSummary = Readonly<{
  atMs: number;
  statusCode: number | null;
  /** Failure reason; null if it was delivered. */
  reason: string | null;
  durationMs: number;
}>;

/** State of a command: everything except the request body. Times are epoch milliseconds. */
export type DeliveryState = Readonly<{
  type: 'DeliveryRequested.v1';
  deliveryId: DeliveryId;
  eventId: EventId;
  eventType: string;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  subscriptionId: SubscriptionId;
  /** Version that the matcher used. Delivery waits for at least this version and uses the newest. */
  subscriptionVersion: number;
  orderingKey: string | null;
  format: BodyFormat;
  /** Incremented by manual retry, replay and redrive: a new run through the schedule. */
  chain: number;
  /** Number of the next attempt, from 1. */
  attempt: number;
  /** Index into the retry schedule; equal to attempt − 1 unless Retry-After or an operator moved it. */
  position: number;
  trigger: Trigger;
  acceptedAtMs: number;
  firstAttemptAtMs: number | null;
  /** Earliest time of the attempt; null for immediately. */
  notBeforeMs: number | null;
  /** Number of deferrals since the last attempt. */
  deferrals: number;
  attempts: readonly AttemptSummary[];
  /** Headers of `cloudevents-binary` that no other part of the state carries; present only with that format. */
  cloudEvent?: Readonly<{ source: string; time: string; dataref?: string }>;
  /** True when commands of older chains of the delivery may still wait: this one takes their place. */
  supersedes?: true;
  /** The consumer that the event is addressed to, if the subscription belongs to none: an erasure may cover it. */
  addressedTo?: ConsumerId;
  /** The data that are sent with the body and are in the object storage: inserted into it at byte `at`. */
  large?: LargeData & Readonly<{ at: number }>;
}>;

/** A command to deliver one event to one subscription: its state, and the request body as bytes: complete, but for large data. */
export type DeliveryRequested = Readonly<{ state: DeliveryState; body: Buffer; traceparent: string | null }>;

/** Schema of a command's state, for every record that carries one. */
export const deliveryStateSchema = exactly(
  {
    type: { const: 'DeliveryRequested.v1' },
    deliveryId: shape.deliveryId,
    eventId: shape.eventId,
    eventType: shape.text,
    workspaceId: shape.workspaceId,
    consumerId: shape.nullableText,
    subscriptionId: shape.subscriptionId,
    subscriptionVersion: shape.count,
    orderingKey: shape.nullableText,
    format: { enum: bodyFormats },
    chain: shape.count,
    attempt: { type: 'integer', minimum: 1 },
    position: shape.count,
    trigger: { enum: triggers },
    acceptedAtMs: shape.epochMs,
    firstAttemptAtMs: shape.nullableEpochMs,
    notBeforeMs: shape.nullableEpochMs,
    deferrals: shape.count,
    attempts: {
      type: 'array',
      items: exactly({
        atMs: shape.epochMs,
        statusCode: { type: ['integer', 'null'] },
        reason: { enum: [...failureReasons, null] },
        durationMs: shape.count,
      }),
    },
  },
  {
    cloudEvent: exactly({ source: shape.text, time: shape.text }, { dataref: shape.text }),
    supersedes: { const: true },
    addressedTo: shape.text,
    large: exactly({ ...largeDataProperties, at: shape.count }),
  },
);

const checkState = compileSchema<DeliveryState>('DeliveryRequested.v1', deliveryStateSchema);

const stateHeader = 'tidings-delivery';

/** Encodes a command, for the deliveries topic and every rung. The key is the subscription id. */
export const encodeDelivery = (command: DeliveryRequested): WireRecord => ({
  key: command.state.subscriptionId,
  headers:
    command.traceparent === null
      ? { [stateHeader]: JSON.stringify(command.state) }
      : { [stateHeader]: JSON.stringify(command.state), traceparent: command.traceparent },
  value: command.body,
});

/** Decodes a record of the deliveries topic or a rung. Throws DecodeError. */
export const decodeDelivery = (record: WireRecord): DeliveryRequested => {
  const text = record.headers[stateHeader];
  if (text === undefined)
    throw new DecodeError('not a valid DeliveryRequested.v1', `header ${stateHeader} is missing`);
  if (record.value === null) throw new DecodeError('not a valid DeliveryRequested.v1', 'the body is missing');
  return {
    state: checkState(parseJson('DeliveryRequested.v1', text)),
    body: record.value,
    traceparent: record.headers['traceparent'] ?? null,
  };
};
