import {
  consumerId,
  deliveryId,
  eventId,
  type NextStep,
  subscriptionId,
  type Trigger,
  workspaceId,
} from '@tidings/contracts';
import {
  type AttemptEvent,
  type Delivery,
  type DeliveryStatus,
  documentKey,
  isAttempt,
} from '../domain/delivery.ts';
import type { DeliverySummary, StoredDelivery } from '../ports.ts';

/** One attempt event as stored in the document of its delivery; `id` excludes the delivery's own. */
type AttemptDocument = Readonly<{
  id: string;
  outcome: AttemptEvent['kind'];
  chain: number;
  attempt: number;
  trigger: Trigger;
  subscription_version: number;
  /** A number in a text; a date in documents of earlier releases. */
  at: Date | number;
  duration_ms: number;
  status_code: number | null;
  reason: string | null;
  response_excerpt: string | null;
  next: NextStep;
  /** The exchange as JSON text, in documents of earlier releases. */
  exchange?: string;
}>;

/** A delivery in MongoDB. Fields derived from `attempts` are stored with them, so that lists need not read them. */
export type DeliveryDocument = Readonly<{
  /** See documentKey. */
  _id: string;
  delivery_id: string;
  workspace_id: string;
  consumer_id: string | null;
  event_id: string;
  event_type: string;
  subscription_id: string;
  /** Absent if the event has none, and in documents of earlier releases; null if it is erased. */
  ordering_key?: string | null;
  /** Present if the event is addressed to a consumer and the subscription belongs to none. */
  addressed_to?: string;
  /** Present if what was sent and answered is erased. */
  erased?: true;
  status: DeliveryStatus;
  /** Like the other two that may be absent, null or absent without a value. */
  status_reason?: string | null;
  attempt_count: number;
  last_status_code: number | null;
  /** Reason of the last failure, if the last attempt was one. */
  last_reason?: string | null;
  next_attempt_at?: Date | null;
  last_attempt_at: Date | null;
  created_at: Date;
  updated_at: Date;
  /** The triggers of the attempts, each once: a text if it is one, else a list. Absent in documents of earlier releases. */
  triggers?: Trigger | readonly Trigger[];
  /** See {@link attemptText}; objects in documents of earlier releases. */
  attempts: readonly (string | AttemptDocument)[];
  rev: number;
}>;

/**
 * Returns an attempt event as stored: a line of JSON and, if there was an exchange, a second line with its text. One value
 * costs the embedded MongoDB a third of what its thirty fields would, and headers may have any name.
 */
const attemptText = (attemptEvent: AttemptEvent, prefixLength: number): string => {
  const fields: AttemptDocument = {
    id: attemptEvent.id.slice(prefixLength),
    outcome: attemptEvent.kind,
    chain: attemptEvent.chain,
    attempt: attemptEvent.attempt,
    trigger: attemptEvent.trigger,
    subscription_version: attemptEvent.subscriptionVersion,
    at: attemptEvent.atMs,
    duration_ms: attemptEvent.durationMs,
    status_code: attemptEvent.statusCode,
    reason: attemptEvent.reason,
    response_excerpt: attemptEvent.responseExcerpt,
    next: attemptEvent.next,
  };
  const line = JSON.stringify(fields);
  return attemptEvent.exchange === null ? line : `${line}\n${attemptEvent.exchange}`;
};

// JSON text has no line break but between tokens, where attemptText writes none.
const documentOfText = (text: string): AttemptDocument => {
  const end = text.indexOf('\n');
  if (end < 0) return JSON.parse(text) as AttemptDocument;
  return { ...(JSON.parse(text.slice(0, end)) as AttemptDocument), exchange: text.slice(end + 1) };
};

const attemptEventOf = (stored: string | AttemptDocument, prefix: string): AttemptEvent => {
  const document = typeof stored === 'string' ? documentOfText(stored) : stored;
  return {
    id: prefix + document.id,
    kind: document.outcome,
    chain: document.chain,
    attempt: document.attempt,
    trigger: document.trigger,
    subscriptionVersion: document.subscription_version,
    atMs: Number(document.at),
    durationMs: document.duration_ms,
    statusCode: document.status_code,
    reason: document.reason,
    responseExcerpt: document.response_excerpt,
    next: document.next,
    exchange: document.exchange ?? null,
  };
};

const triggersOf = ([first, ...others]: readonly AttemptEvent[]): Pick<DeliveryDocument, 'triggers'> => {
  if (first === undefined) return {};
  if (others.every(({ trigger }) => trigger === first.trigger)) return { triggers: first.trigger };
  return { triggers: [...new Set([first, ...others].map(({ trigger }) => trigger))] };
};

/**
 * Returns the whole document of a delivery at a revision. Nearly all deliveries succeed at once, and every field costs each
 * insert: the first revision leaves out some that are null. A later one has them, since it replaces what was there.
 */
export const toDocument = (delivery: Delivery, rev: number): DeliveryDocument => {
  const attempts = delivery.attemptEvents.filter(isAttempt);
  const last = attempts.at(-1);
  const nextAt = delivery.nextAttemptAtMs === null ? null : new Date(delivery.nextAttemptAtMs);
  const lastReason = last?.reason ?? null;
  const isWritten = (value: unknown): boolean => value !== null || rev > 1;
  return {
    _id: documentKey(delivery),
    delivery_id: delivery.id,
    workspace_id: delivery.workspaceId,
    consumer_id: delivery.consumerId,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    subscription_id: delivery.subscriptionId,
    ...(delivery.orderingKey === null ? {} : { ordering_key: delivery.orderingKey }),
    ...(delivery.addressedTo !== undefined && { addressed_to: delivery.addressedTo }),
    ...(delivery.isErased === true && { erased: true, ordering_key: null }),
    status: delivery.status,
    ...(isWritten(delivery.statusReason) && { status_reason: delivery.statusReason }),
    attempt_count: attempts.length,
    last_status_code: last?.statusCode ?? null,
    ...(isWritten(lastReason) && { last_reason: lastReason }),
    last_attempt_at: last === undefined ? null : new Date(last.atMs),
    ...(isWritten(nextAt) && { next_attempt_at: nextAt }),
    created_at: new Date(delivery.createdAtMs),
    updated_at: new Date(delivery.updatedAtMs),
    ...triggersOf(delivery.attemptEvents),
    attempts: delivery.attemptEvents.map((attemptEvent) => attemptText(attemptEvent, delivery.id.length + 1)),
    rev,
  };
};

const common = (document: Omit<DeliveryDocument, 'attempts'>): Omit<Delivery, 'attemptEvents'> => ({
  id: deliveryId(document.delivery_id),
  workspaceId: workspaceId(document.workspace_id),
  consumerId: document.consumer_id === null ? null : consumerId(document.consumer_id),
  eventId: eventId(document.event_id),
  eventType: document.event_type,
  subscriptionId: subscriptionId(document.subscription_id),
  orderingKey: document.ordering_key ?? null,
  createdAtMs: document.created_at.getTime(),
  updatedAtMs: document.updated_at.getTime(),
  status: document.status,
  statusReason: document.status_reason ?? null,
  nextAttemptAtMs: document.next_attempt_at?.getTime() ?? null,
  ...(document.addressed_to !== undefined && { addressedTo: consumerId(document.addressed_to) }),
  ...(document.erased === true && { isErased: true }),
});

/** Returns the delivery of a document, and its revision. */
export const fromDocument = (document: DeliveryDocument): StoredDelivery => {
  const prefix = `${document.delivery_id}.`;
  const attemptEvents = document.attempts.map((attempt) => attemptEventOf(attempt, prefix));
  return { delivery: { ...common(document), attemptEvents }, rev: document.rev };
};

/** Returns the list entry of a delivery from a document without its attempts. */
export const toSummary = (document: Omit<DeliveryDocument, 'attempts'>): DeliverySummary => ({
  ...common(document),
  attemptCount: document.attempt_count,
  lastStatusCode: document.last_status_code,
  lastReason: document.last_reason ?? null,
  lastAttemptAtMs: document.last_attempt_at?.getTime() ?? null,
});
