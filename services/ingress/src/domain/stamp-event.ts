import {
  consumerId,
  deriveEventId,
  type EventAccepted,
  newEventId,
  type WorkspaceId,
} from '@tidings/contracts';
import type { EventRequest } from './event-request.ts';
import { normaliseTime } from './rfc3339.ts';

/** The source of an event that names none. A URI, as CloudEvents asks. */
export const defaultSource = 'tidings:api';

/** A request that was found to be in order, with its data as bytes. */
export type EventDraft = Readonly<{ request: EventRequest; data: Buffer }>;

/** What an event gets from outside of its own text. `idempotencyKey` is null where the caller sent none. */
export type Stamp = Readonly<{
  workspaceId: WorkspaceId;
  idempotencyKey: string | null;
  traceparent: string | null;
  nowMs: number;
}>;

/** An event ready for the log; `isRepeatable` when its id follows from what the caller said. */
export type StampedEvent = Readonly<{ event: Omit<EventAccepted, 'type'>; isRepeatable: boolean }>;

/**
 * Gives an event its id: derived from the caller's own id, else from its Idempotency-Key, so that a repeat is the same
 * event; else fresh. Where both are given the own id decides, since it names the event and not one request for it.
 */
export const stampEvent = ({ request, data }: EventDraft, stamp: Stamp): StampedEvent => {
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
    data,
  };
  return { event, isRepeatable: callerId !== null };
};
