import { exchangeText, parseExchange } from '@tidings/contracts';
import type { AttemptEvent, Delivery } from './delivery.ts';

/** Returns the text of an exchange with nothing but its phases; the same text if it has nothing else. */
const phasesOf = (text: string): string | null => {
  const exchange = parseExchange(text);
  if (exchange === null) return null;
  const bare = exchangeText({ phases: exchange.phases, dropped: true });
  return bare === text ? text : bare;
};

const erasedAttempt = (attemptEvent: AttemptEvent): AttemptEvent => {
  const exchange = attemptEvent.exchange === null ? null : phasesOf(attemptEvent.exchange);
  return attemptEvent.responseExcerpt === null && exchange === attemptEvent.exchange
    ? attemptEvent
    : { ...attemptEvent, responseExcerpt: null, exchange };
};

/** Returns a summary of an erased delivery. Ids, times and outcomes stay: statistics and lists need them. */
export const erasedSummary = <D extends Omit<Delivery, 'attemptEvents'>>(delivery: D): D => ({
  ...delivery,
  orderingKey: null,
  isErased: true,
});

/**
 * Returns a delivery without what was sent and answered, and without its ordering key: of each attempt, times, phases
 * and outcome stay. Returns the delivery itself if there is nothing to erase.
 */
export const erasedDelivery = (delivery: Delivery): Delivery => {
  const attemptEvents = delivery.attemptEvents.map(erasedAttempt);
  const isSame =
    delivery.isErased === true &&
    delivery.orderingKey === null &&
    attemptEvents.every((attemptEvent, at) => attemptEvent === delivery.attemptEvents[at]);
  return isSame ? delivery : { ...erasedSummary(delivery), attemptEvents };
};
