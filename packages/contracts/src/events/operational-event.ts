import { type FailureReason, failureReasons } from '../deliveries/outcome.ts';
import {
  type ConsumerId,
  type DeliveryId,
  deriveEventId,
  type EventId,
  type SubscriptionId,
  type WorkspaceId,
} from '../ids/ids.ts';
import { compileSchema, exactly, shape } from '../wire/schemas.ts';
import type { WireRecord } from '../wire/wire.ts';
import { encodeEvent } from './event.ts';

/** Events that Tidings raises about a workspace's own subscriptions and exports. Their names are reserved. */
export const operationalEventTypes = [
  'tidings.subscription.failing',
  'tidings.subscription.disabled',
  'tidings.subscription.recovered',
  'tidings.delivery.exhausted',
  'tidings.export.ready',
  'tidings.export.failed',
] as const;
/** See {@link operationalEventTypes}. */
export type OperationalEventType = (typeof operationalEventTypes)[number];

/**
 * Reasons for which endpoint health disables a subscription: a 410 response, too many consecutive failures, or only
 * failures for too long.
 */
export const disableCauses = ['gone', 'consecutive-failures', 'only-failures'] as const;
/** See {@link disableCauses}. */
export type DisableCause = (typeof disableCauses)[number];

/** Failure that an operational event reports. Never holds an address. */
export type LastFailure = Readonly<{ at: string; reason: FailureReason; status_code: number | null }>;

type About = Readonly<{
  subscription_id: SubscriptionId;
  consumer_id: ConsumerId | null;
  description: string | null;
  /** Host of the endpoint; the rest of its URL may hold credentials. */
  endpoint_host: string;
}>;
type Failing = About & Readonly<{ failure_count: number; failing_since: string; last_failure: LastFailure }>;

type AboutExport = Readonly<{
  export_id: string;
  /** The consumer that requested it; null for the workspace. */
  consumer_id: ConsumerId | null;
  of: string;
  format: string;
}>;

type DataOf = Readonly<{
  /** No link: whoever reads the event needs a key to get one. */
  'tidings.export.ready': AboutExport &
    Readonly<{ total_records: number; bytes: number; expires_at: string }>;
  'tidings.export.failed': AboutExport & Readonly<{ reason: string }>;
  'tidings.subscription.failing': Failing;
  'tidings.subscription.disabled': Failing & Readonly<{ reason: DisableCause }>;
  'tidings.subscription.recovered': About & Readonly<{ delivered_at: string }>;
  'tidings.delivery.exhausted': About &
    Readonly<{
      delivery_id: DeliveryId;
      event_id: EventId;
      event_type: string;
      attempts: number;
      /** The schedule is exhausted, or the failure is not retryable. */
      reason: 'exhausted' | 'not-retried';
      last_failure: LastFailure;
    }>;
}>;

/** An operational event: its type, its data as receivers get it, and its cause. */
export type OperationalEvent = {
  [Type in OperationalEventType]: Readonly<{
    type: Type;
    workspaceId: WorkspaceId;
    /** RFC 3339. */
    time: string;
    /** Identifies the attempt or export that caused it: the same cause always gives the same event. */
    cause: string;
    data: DataOf[Type];
  }>;
}[OperationalEventType];

/** An operational event about an export; the history service writes it. */
export type ExportEvent = Extract<OperationalEvent, { type: `tidings.export.${string}` }>;

/** An operational event about the health of an endpoint; the subscription service writes it. */
export type HealthEvent = Exclude<OperationalEvent, ExportEvent>;

const time = { type: 'string', format: 'date-time' };
const lastFailure = exactly({
  at: time,
  reason: { enum: failureReasons },
  status_code: { type: ['integer', 'null'] },
});
const about = {
  subscription_id: shape.subscriptionId,
  consumer_id: shape.nullableText,
  description: shape.nullableText,
  endpoint_host: shape.text,
};
const failing = {
  ...about,
  failure_count: { type: 'integer', minimum: 1 },
  failing_since: time,
  last_failure: lastFailure,
};

const aboutExport = {
  export_id: shape.text,
  consumer_id: shape.nullableText,
  of: shape.text,
  format: shape.text,
};

const checkData: Readonly<Record<OperationalEventType, (data: unknown) => unknown>> = {
  'tidings.subscription.failing': compileSchema('tidings.subscription.failing', exactly(failing)),
  'tidings.subscription.disabled': compileSchema(
    'tidings.subscription.disabled',
    exactly({ ...failing, reason: { enum: disableCauses } }),
  ),
  'tidings.subscription.recovered': compileSchema(
    'tidings.subscription.recovered',
    exactly({ ...about, delivered_at: time }),
  ),
  'tidings.delivery.exhausted': compileSchema(
    'tidings.delivery.exhausted',
    exactly({
      ...about,
      delivery_id: shape.deliveryId,
      event_id: shape.eventId,
      event_type: shape.text,
      attempts: { type: 'integer', minimum: 1 },
      reason: { enum: ['exhausted', 'not-retried'] },
      last_failure: lastFailure,
    }),
  ),
  'tidings.export.ready': compileSchema(
    'tidings.export.ready',
    exactly({ ...aboutExport, total_records: shape.count, bytes: shape.count, expires_at: time }),
  ),
  'tidings.export.failed': compileSchema(
    'tidings.export.failed',
    exactly({ ...aboutExport, reason: shape.text }),
  ),
};

const isAboutExport = (event: OperationalEvent): event is ExportEvent =>
  event.type.startsWith('tidings.export.');

const sourceOf = (event: OperationalEvent): string =>
  isAboutExport(event) ? '/tidings/exports' : '/tidings/endpoint-health';

/** Returns the id of an operational event, derived from its type and cause. */
export const operationalEventIdOf = (event: OperationalEvent): EventId =>
  deriveEventId({
    workspaceId: event.workspaceId,
    source: sourceOf(event),
    callerId: `${event.type} ${event.cause}`,
  });

/**
 * Encodes an operational event for the events topic. Its id is derived from type and cause and its key is the
 * subscription or export, so a repeat arrives in the same partition and is dropped there like any repeated event. An
 * event about a consumer's subscription or export is addressed to that consumer. Throws DecodeError if the data does not match its type.
 */
export const encodeOperationalEvent = (event: OperationalEvent): WireRecord => {
  const { type, workspaceId, data } = event;
  checkData[type](data);
  return encodeEvent(
    {
      id: operationalEventIdOf(event),
      callerId: null,
      workspaceId,
      consumerId: data.consumer_id,
      eventType: type,
      source: sourceOf(event),
      time: event.time,
      orderingKey: isAboutExport(event) ? event.data.export_id : event.data.subscription_id,
      traceparent: null,
      data: Buffer.from(JSON.stringify(data)),
    },
    { isRepeatable: true },
  );
};
