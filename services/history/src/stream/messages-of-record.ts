import {
  type AttemptRecorded,
  attemptId,
  dataBytesOf,
  type EventAccepted,
  isReservedEventType,
} from '@tidings/contracts';
import { exchangeView } from '@tidings/webhook-request';
import { type Delivery, type DeliveryStatus, deliveryOf } from '../deliveries/domain/delivery.ts';
import { erasedDelivery } from '../deliveries/domain/erase-delivery.ts';
import type { MessageKind, StreamMessage } from './domain/stream-message.ts';

/** The position of an event in the log, when the log received it, and whether it is erased. */
export type EventPlace = Readonly<{
  partition: number;
  offset: bigint;
  acceptedAtMs: number;
  isErased: boolean;
}>;

const isoTime = (ms: number): string => new Date(ms).toISOString();

// Of an erased event: these may name a person.
const nobody = { orderingKey: null, callerId: null, traceparent: null };

/** Returns the message of an accepted event. It carries no data, which `GET /v1/webhooks/events/{id}` returns. */
export const messageOfEvent = (event: EventAccepted, place: EventPlace): StreamMessage => {
  const { id, consumerId, eventType } = event;
  const acceptedAt = isoTime(place.acceptedAtMs);
  const { orderingKey, callerId, traceparent } = place.isErased ? nobody : event;
  const shown = {
    ...{ kind: 'event', event_id: id, event_type: eventType, consumer_id: consumerId, at: acceptedAt },
    ...{ source: event.source, time: event.time, ordering_key: orderingKey },
    ...{ caller_id: callerId, trace_id: traceparent?.split('-')[1] ?? null },
    ...{ size_bytes: dataBytesOf(event), erased: place.isErased },
    position: { partition: place.partition, offset: String(place.offset) },
  };
  return {
    kind: 'event',
    workspaceId: event.workspaceId,
    consumerId,
    // An operational event is about one subscription of the workspace: only its own consumer may see it. An internal one
    // is for the workspace itself.
    isBroadcast: consumerId === null && event.audience !== 'internal' && !isReservedEventType(eventType),
    eventType,
    subscriptionId: null,
    status: null,
    json: JSON.stringify(shown),
    key: id,
  };
};

/**
 * Returns the messages of an attempt record: the request, if one was made, and the state of the delivery, if it
 * changed. The two of a failed attempt whose delivery was being retried already are one.
 */
export const messagesOfAttempt = (
  record: AttemptRecorded,
  isErased: boolean,
): readonly [StreamMessage | null, StreamMessage | null] => {
  const known = deliveryOf(record);
  const delivery = isErased ? erasedDelivery(known) : known;
  return [requestMessage(record, delivery), stateMessage(record, delivery)];
};

/**
 * Returns the key of an attempt's messages. A crash can record one attempt twice, with two outcomes if both requests
 * were made: a success is news after a failure. Two deferrals of one attempt differ by their reason.
 */
export const keyOfAttempt = (record: AttemptRecorded): string => {
  const { outcome } = record;
  const id = attemptId(record);
  if (outcome.kind === 'deferred') return `${id} ${outcome.reason}`;
  return outcome.kind === 'delivered' ? `${id} ${outcome.kind}` : id;
};

const isRequest = ({ outcome }: AttemptRecorded): boolean =>
  outcome.kind === 'delivered' || outcome.kind === 'failed';

function requestMessage(record: AttemptRecorded, delivery: Delivery): StreamMessage | null {
  const [attempt] = delivery.attemptEvents;
  if (!isRequest(record) || attempt === undefined) return null;
  const { kind: outcome, statusCode, reason, responseExcerpt, next } = attempt;
  // As the attempt view shows them. Headers and bodies stay there: a stream may carry hundreds of attempts a second.
  const { deliveryId, eventType } = record;
  const isErased = delivery.isErased === true;
  const { details, phases } = exchangeView({ ...attempt, deliveryId, eventType, isErased });
  return messageAbout(record, 'attempt', {
    status: delivery.status,
    shown: {
      ...{ attempt: record.attempt, chain: record.chain, trigger: record.trigger },
      ...{ duration_ms: record.durationMs, outcome, status_code: statusCode, reason },
      erased: isErased,
      ...{ response_excerpt: responseExcerpt, details, phases },
      next_attempt_at: next.kind === 'retry' ? isoTime(next.atMs) : null,
    },
  });
}

// Follows from the record alone, so that every instance sends the same. The second failure of a chain changes nothing:
// the delivery was being retried before. A dropped duplicate of a command says nothing about its delivery.
function stateMessage(record: AttemptRecorded, delivery: Delivery): StreamMessage | null {
  const { outcome, attempt } = record;
  const { status, statusReason, nextAttemptAtMs } = delivery;
  if (outcome.kind === 'suppressed' && outcome.reason === 'duplicate-command') return null;
  if (outcome.kind === 'failed' && status === 'retrying' && attempt > 1) return null;
  const isWaiting = outcome.kind === 'deferred';
  // Deferred again after an attempt, the delivery is still being retried.
  const shownStatus = isWaiting && attempt > 1 ? 'retrying' : status;
  return messageAbout(record, 'state', {
    status: shownStatus,
    shown: {
      status_reason: statusReason,
      next_attempt_at: nextAttemptAtMs === null ? null : isoTime(nextAttemptAtMs),
    },
  });
}

type Shown = Readonly<{ status: DeliveryStatus; shown: object }>;

function messageAbout(record: AttemptRecorded, kind: MessageKind, { status, shown }: Shown): StreamMessage {
  const { eventId, eventType, consumerId, subscriptionId, deliveryId, workspaceId } = record;
  return {
    ...{ kind, workspaceId, consumerId, isBroadcast: false, eventType, subscriptionId, status },
    json: JSON.stringify({
      ...{ kind, event_id: eventId, event_type: eventType, consumer_id: consumerId },
      ...{ at: isoTime(record.atMs), subscription_id: subscriptionId, delivery_id: deliveryId, status },
      ...shown,
    }),
    key: keyOfAttempt(record),
  };
}
