import {
  type ConsumerId,
  dataBytesOf,
  type EventAccepted,
  type EventId,
  isReservedEventType,
  type WorkspaceId,
} from '@tidings/contracts';

/** A position of an event in the log. */
export type LogPosition = Readonly<{ partition: number; offset: number }>;

/** An event as the read model has it: everything but its data, which stays in the log. */
export type StoredEvent = Readonly<{
  id: EventId;
  workspaceId: WorkspaceId;
  /** The only consumer that may see it; null for a broadcast event, and for one of the workspace alone. */
  consumerId: ConsumerId | null;
  /** True for an event that only keys of the workspace itself may see, as it came from an internal source. */
  isInternal?: true;
  type: string;
  source: string;
  /** RFC 3339 time of the event itself. */
  time: string;
  /** Time at which it was written to the log. */
  acceptedAtMs: number;
  orderingKey: string | null;
  callerId: string | null;
  traceId: string | null;
  sizeBytes: number;
  /** SHA-256 of the data, in hex, if they are in the object storage. */
  dataSha256?: string;
  position: LogPosition;
  /** True if its data is erased, and with it the fields that a caller may have chosen by a person. */
  isErased?: true;
}>;

/** The keys of a workspace that may see an event: all of them, those of the workspace itself, or also one consumer's. */
export type Audience =
  | Readonly<{ kind: 'everybody' }>
  | Readonly<{ kind: 'workspace' }>
  | Readonly<{ kind: 'consumer'; consumerId: ConsumerId }>;

/**
 * Returns the audience of an event. An operational event without a consumer is about a subscription of the workspace
 * itself: it is no broadcast, as one from an internal source is none.
 */
export const audienceOf = ({
  consumerId,
  isInternal,
  type,
}: Pick<StoredEvent, 'consumerId' | 'isInternal' | 'type'>): Audience => {
  if (consumerId !== null) return { kind: 'consumer', consumerId };
  return isInternal === true || isReservedEventType(type) ? { kind: 'workspace' } : { kind: 'everybody' };
};

// W3C Trace Context: version, trace id, parent id, flags.
const traceparentPattern = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** Returns the stored form of an event at a position of the log. */
export const storedEventOf = (
  event: EventAccepted,
  at: Readonly<{ position: LogPosition; acceptedAtMs: number }>,
): StoredEvent => ({
  id: event.id,
  workspaceId: event.workspaceId,
  consumerId: event.consumerId,
  ...(event.audience === 'internal' && { isInternal: true }),
  type: event.eventType,
  source: event.source,
  time: event.time,
  acceptedAtMs: at.acceptedAtMs,
  orderingKey: event.orderingKey,
  callerId: event.callerId,
  traceId: traceparentPattern.exec(event.traceparent ?? '')?.[1] ?? null,
  sizeBytes: dataBytesOf(event),
  ...(event.large !== undefined && { dataSha256: event.large.sha256 }),
  position: at.position,
});

/** Returns an event without its data and without what may name a person. */
export const erasedEvent = (event: StoredEvent): StoredEvent => ({
  ...event,
  orderingKey: null,
  callerId: null,
  traceId: null,
  isErased: true,
});
