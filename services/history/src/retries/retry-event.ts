import type { EventId, SubscriptionId } from '@tidings/contracts';
import { AppError, type ErrorCode } from '@tidings/runtime';
import type { Delivery } from '../deliveries/domain/delivery.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import type { TenantScope } from '../domain/tenant-scope.ts';
import type { LoggedEvent, ReadEvent, UnavailableEvent } from './ports.ts';
import { type Retried, type RetryParts, type RetryRequest, retryDelivery } from './retry-delivery.ts';

/** A delivery of an event that was not retried, and why. `delivery` is null if the subscription has none. */
export type Refused = Readonly<{
  delivery: Delivery | null;
  subscriptionId: SubscriptionId;
  code: ErrorCode;
  detail: string;
}>;

/** The deliveries of an event that were retried, and those that were not. */
export type RetriedEvent = Readonly<{ retried: readonly Retried[]; refused: readonly Refused[] }>;

/** The dependencies of a retry of an event. */
export type RetryEventParts = RetryParts &
  Readonly<{ deliveries: Pick<DeliveryStore, 'list' | 'step' | 'read'> }>;

/** A retry of an event. Without `subscriptionIds`, of all its deliveries that are in the scope. */
export type RetryEventRequest = RetryRequest &
  Readonly<{ scope: TenantScope; eventId: EventId; subscriptionIds: readonly SubscriptionId[] | null }>;

/** Maximum deliveries that one request retries. */
export const maxRetriedOfEvent = 100;

const deliveriesOf = async (
  { deliveries }: RetryEventParts,
  { scope, eventId, subscriptionIds }: RetryEventRequest,
): Promise<readonly Delivery[]> => {
  const wanted = subscriptionIds ?? [undefined];
  const found = await Promise.all(
    wanted.map(async (subscriptionId) =>
      deliveries.list(
        { ...scope, eventId, ...(subscriptionId !== undefined && { subscriptionId }) },
        { limit: maxRetriedOfEvent + 1, after: null },
      ),
    ),
  );
  const stored = await deliveries.read(found.flat());
  return found.flat().flatMap(({ id }) => stored.get(id)?.delivery ?? []);
};

const unknown = (id: EventId, to = ''): AppError =>
  new AppError({ code: 'not-found', message: `There is no delivery of event '${id}'${to}.` });

/** Throws AppError `not-found` if no delivery of the event is in the scope. */
export const refuseUnknownEvent = async (
  { deliveries }: Pick<RetryEventParts, 'deliveries'>,
  eventId: EventId,
  scope: TenantScope,
): Promise<void> => {
  const [known] = await deliveries.list({ ...scope, eventId }, { limit: 1, after: null });
  if (known === undefined) throw unknown(eventId);
};

/** Reads the event once for all its deliveries. */
const readingOnce = (readEvent: ReadEvent): ReadEvent => {
  let reading: Promise<LoggedEvent | UnavailableEvent> | undefined;
  return async (delivery) => (reading ??= readEvent(delivery));
};

const isRefusal = (error: unknown): error is AppError =>
  error instanceof AppError && (error.code === 'conflict' || error.code === 'unprocessable');

/**
 * Retries the known deliveries of an event: all, or those to some subscriptions. One that cannot be retried now does
 * not prevent the others. Subscriptions that match the event and have no delivery of it get none: a replay matches
 * again. Throws AppError `not-found` if no delivery of the event is in the scope, and `unprocessable` for too many.
 */
export const retryEvent = async (
  parts: RetryEventParts,
  request: RetryEventRequest,
): Promise<RetriedEvent> => {
  const { eventId, subscriptionIds, runId, ...origin } = request;
  const deliveries = await deliveriesOf(parts, request);
  if (deliveries.length === 0) {
    throw unknown(eventId, subscriptionIds === null ? '' : ' to these subscriptions');
  }
  if (deliveries.length > maxRetriedOfEvent)
    throw new AppError({
      code: 'unprocessable',
      message: `The event has more than ${maxRetriedOfEvent} deliveries: name up to ${maxRetriedOfEvent} in subscription_ids.`,
    });
  const retried: Retried[] = [];
  const refused: Refused[] = (subscriptionIds ?? [])
    .filter((id) => !deliveries.some(({ subscriptionId }) => subscriptionId === id))
    .map((subscriptionId) => ({
      delivery: null,
      subscriptionId,
      code: 'not-found',
      detail: `There is no delivery of the event to subscription '${subscriptionId}'.`,
    }));
  const once = { ...parts, readEvent: readingOnce(parts.readEvent) };
  for (const delivery of deliveries) {
    try {
      retried.push(await retryDelivery(once, delivery, { ...origin, runId: `${runId}/${delivery.id}` }));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const { code, message: detail } = error;
      refused.push({ delivery, subscriptionId: delivery.subscriptionId, code, detail });
    }
  }
  return { retried, refused };
};
