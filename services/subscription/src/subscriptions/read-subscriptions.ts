import { type ConsumerId, consumerId, type SubscriptionId, subscriptionId } from '@tidings/contracts';
import { notFound } from '../registry/write-version.ts';
import { patternsCovering } from './domain/event-patterns.ts';
import type { Subscription } from './domain/subscription.ts';
import type { Listed, Reach, SubscriptionStore } from './ports.ts';

/** What a list is asked for. `event`: those that would be matched by an event of this name. */
export type ListFilters = Readonly<{
  consumer_id: string | undefined;
  event: string | undefined;
  state: Subscription['state'] | undefined;
}>;

/** Where a list goes on (the id of the last one shown) and how much of it is wanted. */
export type ListPlace = Readonly<{ afterId: string | null; limit: number }>;

/** One subscription. A deleted one is gone for its owner, though it stays known to the event path for a while. */
export async function readSubscription(
  store: Pick<SubscriptionStore, 'find'>,
  reach: Reach,
  id: SubscriptionId,
): Promise<Subscription> {
  const found = await store.find(reach, id);
  if (found === null || found.state === 'deleted') throw notFound(id);
  return found;
}

/** A page of subscriptions, newest first, deleted ones only when they are asked for. */
export async function listSubscriptions(
  store: Pick<SubscriptionStore, 'list'>,
  reach: Reach,
  { filters, place }: Readonly<{ filters: ListFilters; place: ListPlace }>,
): Promise<Listed> {
  return store.list(reach, {
    consumerId: consumerFilter(filters),
    patterns: filters.event === undefined ? null : patternsCovering(filters.event),
    states: filters.state === undefined ? ['active', 'disabled'] : [filters.state],
    afterId: place.afterId === null ? null : subscriptionId(place.afterId),
    limit: place.limit,
  });
}

const consumerFilter = ({ consumer_id: asked }: ListFilters): ConsumerId | null =>
  asked === undefined ? null : consumerId(asked);
