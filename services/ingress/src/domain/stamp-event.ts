import {
  consumerId,
  deriveEventId,
  type EventAccepted,
  type LargeData,
  newEventId,
  type WorkspaceId,
} from '@tidings/contracts';
import type { EventRequest } from './event-request.ts';
import { normaliseTime } from './rfc3339.ts';

/** The source of an event that names none. A URI, as CloudEvents requires. */
export const defaultSource = 'tidings:api';

/** A valid request, with its data as bytes, which are empty if they are in the object storage. */
export type EventDraft = Readonly<{ request: EventRequest; data: Buffer; large?: LargeData }>;

/** The parts of an event that do not come from its text. `idempotencyKey` is null if the caller sent none. */
export type Stamp = Readonly<{
  workspaceId: WorkspaceId;
  idempotencyKey: string | null;
  traceparent: string | null;
  nowMs: number;
}>;

/** An event ready for the log. `isRepeatable` is true if its id is derived from the caller's values. */
export type StampedEvent = Readonly<{ event: Omit<EventAccepted, 'type'>; isRepeatable: boolean }>;

/**
 * Assigns an id to an event: derived from the caller's own id, else from its Idempotency-Key, so that a
 * repeat is the same event; otherwise random. If both are given, the own id is used, since it
 * identifies the event and not one request for it.
 */
export const stampEvent = ({ request, data, large }: EventDraft, stamp: Stamp): StampedEvent => {
  const { workspaceId, idempotencyKey, traceparent, nowMs } = stamp;
  const source = request.source ?? defaultSource;
  const callerId = request.id ?? idempotencyKey;
  const id = callerId === null ? newEventId(nowMs) : deriveEventId({ workspaceId, source, callerId });
  const time = request.time === undefined ? null : normaliseTime(request.time);
  const event = {
    id,
    callerId: request.id ?? null,
    workspaceId,
    consumerId: request.consumer_id === undefined ? null : consumerId(request.consumer_id),
    eventType: request.type,
    source,
    time: time ?? new Date(nowMs).toISOString(),
    orderingKey: request.ordering_key ?? null,
    traceparent,
    ...(large !== undefined && { large }),
    data,
  };
  return { event, isRepeatable: callerId !== null };
};
