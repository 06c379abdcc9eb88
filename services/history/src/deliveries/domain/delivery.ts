import {
  type AttemptOutcome,
  type AttemptRecorded,
  attemptId,
  type ConsumerId,
  type DeliveryId,
  type EventId,
  type NextStep,
  type SubscriptionId,
  shortExchangeText,
  type Trigger,
  type WorkspaceId,
} from '@tidings/contracts';
import { erasedDelivery } from './erase-delivery.ts';

/**
 * The statuses of a delivery. pending: never attempted. retrying: attempted, and another attempt follows. delivered: an
 * endpoint responded 2xx. failed: ended without a dead letter (a test). dead_lettered: ended, can be redriven.
 * suppressed: ended without need for an attempt.
 */
export const deliveryStatuses = [
  'pending',
  'retrying',
  'delivered',
  'failed',
  'dead_lettered',
  'suppressed',
] as const;

/** See {@link deliveryStatuses}. */
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** One record of the attempts topic, as stored in a delivery. Two records with one `id` are the same attempt event. */
export type AttemptEvent = Readonly<{
  id: string;
  kind: AttemptOutcome['kind'];
  chain: number;
  attempt: number;
  trigger: Trigger;
  subscriptionVersion: number;
  atMs: number;
  durationMs: number;
  statusCode: number | null;
  reason: string | null;
  responseExcerpt: string | null;
  next: NextStep;
  /** The text of the exchange, see `parseExchange`; null without one. */
  exchange: string | null;
}>;

/** The known state of one delivery. Everything below `attemptEvents` is derived from them. */
export type Delivery = Readonly<{
  id: DeliveryId;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  eventId: EventId;
  eventType: string;
  subscriptionId: SubscriptionId;
  /** Of the event; null if it has none, or if only records of earlier releases are known. */
  orderingKey: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  /** In chronological order. */
  attemptEvents: readonly AttemptEvent[];
  status: DeliveryStatus;
  /** The reason why it ended undelivered or waits; null if the status is sufficient. */
  statusReason: string | null;
  nextAttemptAtMs: number | null;
  /** The consumer that the event is addressed to, if the subscription belongs to none. */
  addressedTo?: ConsumerId;
  /** True if the recorded requests and responses are erased. */
  isErased?: true;
}>;

/**
 * Returns the key of a delivery's document. The delivery's id would suffice, but it is a hash: documents whose keys
 * arrive in random order cost MongoDB twice as much to write, and more with each existing document. The id of a new
 * event begins with its time.
 */
export const documentKey = ({ eventId, id }: Pick<Delivery, 'eventId' | 'id'>): string => `${eventId}/${id}`;

/**
 * The maximum number of attempt events per delivery; the newest are kept. Manual retries have no limit of their own.
 */
export const maxAttemptEvents = 200;

/**
 * The number of attempts of a delivery, the newest, that keep their headers and the whole recorded body. Each has some 55
 * KiB at most, so a document stays far below the 16 MiB that MongoDB allows, and cheap to write again. A whole retry
 * schedule has at most 21 attempts.
 */
export const maxWholeExchanges = 25;

/** Returns true for attempt events that were a request to the endpoint. */
export const isAttempt = (attemptEvent: AttemptEvent): boolean =>
  attemptEvent.kind === 'delivered' || attemptEvent.kind === 'failed';

// For one attempt number, waiting precedes the attempt and the end follows it.
const rankOf: Readonly<Record<AttemptEvent['kind'], number>> = {
  deferred: 0,
  failed: 1,
  delivered: 1,
  suppressed: 2,
  'set-aside': 2,
};

const inChronologicalOrder = (a: AttemptEvent, b: AttemptEvent): number =>
  a.chain - b.chain ||
  a.attempt - b.attempt ||
  rankOf[a.kind] - rankOf[b.kind] ||
  (a.id < b.id ? -1 : Number(a.id > b.id));

/** Compares two records with one id by their text, so that the choice never depends on the order of arrival. */
const byText = (a: AttemptEvent, b: AttemptEvent): number => {
  const order = (one: string, other: string): number => (one < other ? -1 : Number(one > other));
  const [shortA, shortB] = [withShortExchange(a), withShortExchange(b)];
  // Of two that are equal without headers and body, the one that has lost them already is chosen: more than the maximum
  // of newer attempts are known.
  return (
    order(JSON.stringify(shortA), JSON.stringify(shortB)) ||
    order(a === shortA ? '' : 'b', b === shortB ? '' : 'b') ||
    order(JSON.stringify(a), JSON.stringify(b))
  );
};

/**
 * Chooses between two records with one id: a crash repeated the attempt. `delivered` takes precedence, then the earlier
 * one, or the later of two deferrals; the last criterion is their text.
 */
const preferred = (a: AttemptEvent, b: AttemptEvent): AttemptEvent => {
  if (a.kind !== b.kind && (a.kind === 'delivered' || b.kind === 'delivered')) {
    return a.kind === 'delivered' ? a : b;
  }
  const later = a.atMs - b.atMs;
  if (later !== 0) return later < 0 === (a.kind !== 'deferred') ? a : b;
  return byText(a, b) <= 0 ? a : b;
};

/** Returns an attempt event without headers and body; the same object if it has none. */
const withShortExchange = (attemptEvent: AttemptEvent): AttemptEvent => {
  const { exchange } = attemptEvent;
  if (exchange === null) return attemptEvent;
  const short = shortExchangeText(exchange);
  return short === exchange ? attemptEvent : { ...attemptEvent, exchange: short };
};

/**
 * Keeps the exchanges of the newest attempts whole. Which ones depends only on the ids that are known, so merging stays
 * independent of order.
 */
const withBoundedExchanges = (attemptEvents: readonly AttemptEvent[]): readonly AttemptEvent[] => {
  if (attemptEvents.length <= maxWholeExchanges) return attemptEvents;
  let newer = 0;
  return attemptEvents
    .toReversed()
    .map((attemptEvent) => {
      if (!isAttempt(attemptEvent)) return attemptEvent;
      newer += 1;
      return newer > maxWholeExchanges ? withShortExchange(attemptEvent) : attemptEvent;
    })
    .toReversed();
};

const bounded = (attemptEvents: readonly AttemptEvent[]): readonly AttemptEvent[] => {
  if (attemptEvents.length <= maxAttemptEvents) return attemptEvents;
  const surplus = new Set(
    attemptEvents
      .filter(({ kind }) => kind !== 'delivered')
      .slice(0, attemptEvents.length - maxAttemptEvents),
  );
  const kept = attemptEvents.filter((attemptEvent) => !surplus.has(attemptEvent));
  return kept.slice(-maxAttemptEvents);
};

type Standing = Pick<Delivery, 'status' | 'statusReason' | 'nextAttemptAtMs'>;

const standing = (status: DeliveryStatus, statusReason: string | null, next?: NextStep): Standing => ({
  status,
  statusReason,
  nextAttemptAtMs: next?.kind === 'retry' ? next.atMs : null,
});

const afterFailure = ({ next, reason }: AttemptEvent): Standing => {
  switch (next.kind) {
    case 'none':
      return standing('failed', reason);
    case 'retry':
      return standing('retrying', null, next);
    case 'dead-letter':
      return standing('dead_lettered', next.reason);
  }
};

/**
 * Returns the status that the ordered attempt events result in. The last one decides, but `delivered` takes precedence.
 */
const jobStatusOf = (attemptEvents: readonly AttemptEvent[]): Standing => {
  if (attemptEvents.some(({ kind }) => kind === 'delivered')) return standing('delivered', null);
  // A dropped fork has no effect on the delivery's status, unless nothing else is known.
  const significant = attemptEvents.filter(({ reason }) => reason !== 'duplicate-command');
  const last = significant.at(-1) ?? attemptEvents.at(-1);
  if (last === undefined) return standing('pending', null);
  switch (last.kind) {
    case 'delivered':
      return standing('delivered', null);
    case 'failed':
      return afterFailure(last);
    case 'suppressed':
      return standing('suppressed', last.reason);
    case 'set-aside':
      return standing('dead_lettered', last.reason);
    case 'deferred':
      return standing(attemptEvents.some(isAttempt) ? 'retrying' : 'pending', last.reason, last.next);
  }
};

const attemptEventOf = (record: AttemptRecorded): AttemptEvent => {
  const { outcome } = record;
  return {
    id: attemptId(record),
    kind: outcome.kind,
    chain: record.chain,
    attempt: record.attempt,
    trigger: record.trigger,
    subscriptionVersion: record.subscriptionVersion,
    atMs: record.atMs,
    durationMs: record.durationMs,
    statusCode: 'statusCode' in outcome ? outcome.statusCode : null,
    reason: 'reason' in outcome ? outcome.reason : null,
    responseExcerpt: 'responseExcerpt' in outcome ? outcome.responseExcerpt : null,
    next: record.next,
    exchange: record.exchange ?? null,
  };
};

/** Returns a delivery with one known record. */
export const deliveryOf = (record: AttemptRecorded): Delivery => {
  const attemptEvents = [attemptEventOf(record)];
  return {
    id: record.deliveryId,
    workspaceId: record.workspaceId,
    consumerId: record.consumerId,
    eventId: record.eventId,
    eventType: record.eventType,
    subscriptionId: record.subscriptionId,
    orderingKey: record.orderingKey ?? null,
    createdAtMs: record.acceptedAtMs,
    updatedAtMs: record.atMs,
    attemptEvents,
    ...jobStatusOf(attemptEvents),
    ...(record.addressedTo !== undefined && { addressedTo: record.addressedTo }),
  };
};

const isLeftBehind = ({ kind, next }: AttemptEvent): boolean =>
  kind === 'set-aside' || next.kind === 'dead-letter';

/** Returns true if a delivery succeeded although one of its chains ended, or may have ended, in dead-letters. */
export const hasRecovered = ({ status, attemptEvents }: Delivery): boolean =>
  status === 'delivered' &&
  attemptEvents.some((attemptEvent) => attemptEvent.chain > 0 || isLeftBehind(attemptEvent));

/** Returns the chains of a delivery in which it may be in dead-letters: the known ones and all before them. */
export const chainsOf = ({ attemptEvents }: Pick<Delivery, 'attemptEvents'>): readonly number[] => {
  const chains = attemptEvents.flatMap(({ chain }) => (chain > 0 ? [chain - 1, chain] : [chain]));
  return [...new Set(chains)];
};

const mergeAttemptEvents = (
  known: readonly AttemptEvent[],
  more: readonly AttemptEvent[],
): readonly AttemptEvent[] => {
  const byId = new Map(known.map((attemptEvent) => [attemptEvent.id, attemptEvent]));
  for (const attemptEvent of more) {
    const same = byId.get(attemptEvent.id);
    byId.set(attemptEvent.id, same === undefined ? attemptEvent : preferred(same, attemptEvent));
  }
  return withBoundedExchanges(bounded([...byId.values()].toSorted(inChronologicalOrder)));
};

/**
 * Merges two known states of a delivery. Commutative, associative and idempotent: records may arrive in any order,
 * twice, or all again from the beginning. Returns `known` itself if `more` adds nothing.
 */
export const mergeDeliveries = (known: Delivery, more: Delivery): Delivery => {
  const isErased = known.isErased ?? more.isErased;
  return isErased === true ? merged(erasedDelivery(known), erasedDelivery(more)) : merged(known, more);
};

function merged(known: Delivery, more: Delivery): Delivery {
  const attemptEvents = mergeAttemptEvents(known.attemptEvents, more.attemptEvents);
  const createdAtMs = Math.min(known.createdAtMs, more.createdAtMs);
  const updatedAtMs = Math.max(known.updatedAtMs, more.updatedAtMs);
  const orderingKey = known.orderingKey ?? more.orderingKey;
  const addressedTo = known.addressedTo ?? more.addressedTo;
  const isSame =
    createdAtMs === known.createdAtMs &&
    updatedAtMs === known.updatedAtMs &&
    orderingKey === known.orderingKey &&
    addressedTo === known.addressedTo &&
    attemptEvents.length === known.attemptEvents.length &&
    attemptEvents.every((attemptEvent, at) => attemptEvent === known.attemptEvents[at]);
  return isSame
    ? known
    : {
        ...{ ...known, createdAtMs, updatedAtMs, orderingKey, attemptEvents, ...jobStatusOf(attemptEvents) },
        ...(addressedTo !== undefined && { addressedTo }),
      };
}
