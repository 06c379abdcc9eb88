import { type FailureReason, failureReasons } from '../deliveries/outcome.ts';
import {
  type ConsumerId,
  type DeliveryId,
  deriveEventId,
  type EventId,
  type RunId,
  type SubscriptionId,
  type WorkspaceId,
} from '../ids/ids.ts';
import { type RunFailureReason, runFailureReasons } from '../runs/run.ts';
import { compileSchema, exactly, shape } from '../wire/schemas.ts';
import type { WireRecord } from '../wire/wire.ts';
import { encodeEvent } from './event.ts';

/** Events that Tidings raises about a workspace's own subscriptions, exports and runs. Their names are reserved. */
export const operationalEventTypes = [
  'tidings.subscription.failing',
  'tidings.subscription.disabled',
  'tidings.subscription.recovered',
  'tidings.delivery.exhausted',
  'tidings.export.ready',
  'tidings.export.failed',
  'tidings.run.failed',
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

type AboutRun = Readonly<{
  run_id: RunId;
  app: string;
  handler: string;
  event_id: EventId;
  event_type: string;
  reason: RunFailureReason;
  step: string | null;
  /** Number of retries of the run before this failure. */
  retries: number;
}>;

type DataOf = Readonly<{
  /** Without the error of the step: it may contain data of the event. */
  'tidings.run.failed': AboutRun;
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
    /** Identifies the attempt, export or run that caused it: the same cause always gives the same event. */
    cause: string;
    data: DataOf[Type];
  }>;
}[OperationalEventType];

/** An operational event about an export; the history service writes it. */
export type ExportEvent = Extract<OperationalEvent, { type: `tidings.export.${string}` }>;

/** An operational event about a run; the history service writes it. */
export type RunFailedEvent = Extract<OperationalEvent, { type: 'tidings.run.failed' }>;

/** An operational event about the health of an endpoint; the subscription service writes it. */
export type HealthEvent = Exclude<OperationalEvent, ExportEvent | RunFailedEvent>;

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
  'tidings.run.failed': compileSchema(
    'tidings.run.failed',
    exactly({
      run_id: shape.runId,
      app: shape.appName,
      handler: shape.text,
      event_id: shape.eventId,
      event_type: shape.text,
      reason: { enum: runFailureReasons },
      step: shape.nullableText,
      retries: shape.count,
    }),
  ),
};

/** The object that an operational event is about: where it comes from, its id, and the consumer that it belongs to. */
type Subject = Readonly<{ source: string; id: string; consumerId: ConsumerId | null }>;

const isAboutExport = (event: OperationalEvent): event is ExportEvent =>
  event.type.startsWith('tidings.export.');

const subjectOf = (event: OperationalEvent): Subject => {
  if (event.type === 'tidings.run.failed')
    // Runs belong to the workspace, also those of events that are addressed to a consumer.
    return { source: '/tidings/runs', id: event.data.run_id, consumerId: null };
  return isAboutExport(event)
    ? { source: '/tidings/exports', id: event.data.export_id, consumerId: event.data.consumer_id }
    : {
        source: '/tidings/endpoint-health',
        id: event.data.subscription_id,
        consumerId: event.data.consumer_id,
      };
};

/** Returns the id of an operational event, derived from its type and cause. */
export const operationalEventIdOf = (event: OperationalEvent): EventId =>
  deriveEventId({
    workspaceId: event.workspaceId,
    source: subjectOf(event).source,
    callerId: `${event.type} ${event.cause}`,
  });

/**
 * Encodes an operational event for the events topic. Its id is derived from type and cause and its key is the
 * subscription, export or run, so a repeat arrives in the same partition and is dropped there like any repeated event. An
 * event about a consumer's subscription or export is addressed to that consumer. Throws DecodeError if the data does not match its type.
 */
export const encodeOperationalEvent = (event: OperationalEvent): WireRecord => {
  const { type, workspaceId, data } = event;
  const { source, id, consumerId } = subjectOf(event);
  checkData[type](data);
  return encodeEvent(
    {
      id: operationalEventIdOf(event),
      callerId: null,
      workspaceId,
      consumerId,
      eventType: type,
      source,
      time: event.time,
      orderingKey: id,
      traceparent: null,
      data: Buffer.from(JSON.stringify(data)),
    },
    { isRepeatable: true },
  );
};
