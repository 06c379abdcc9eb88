import { shortExchangeText } from '@tidings/contracts';
import { type AttemptEvent, type Delivery, isAttempt, statusOf } from './delivery.ts';
import { erasedDelivery } from './erase-delivery.ts';

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
        ...{ ...known, createdAtMs, updatedAtMs, orderingKey, attemptEvents, ...statusOf(attemptEvents) },
        ...(addressedTo !== undefined && { addressedTo }),
      };
}
