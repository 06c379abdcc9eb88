import type { SubscriptionId } from '@tidings/contracts';
import type { DocumentStore, Listed, Scope, Where } from '../registry/ports.ts';
import { notFound } from '../registry/write-version.ts';
import { patternsCovering } from './domain/event-patterns.ts';
import { notDeleted, type Subscription } from './domain/subscription.ts';
import { subscriptionKind } from './subscription-kind.ts';

/** What a list is asked for. `event`: those that would be matched by an event of this name. */
export type ListFilters = Readonly<{
  consumer_id: string | undefined;
  event: string | undefined;
  state: Subscription['state'] | undefined;
}>;

/** Where a list goes on (the id of the last one shown) and how much of it is wanted. */
export type ListPosition = Readonly<{ afterId: string | null; limit: number }>;

/** One subscription. A deleted one is gone for its owner, though it stays known to the event path for a while. */
export async function readSubscription(
  store: Pick<DocumentStore<Subscription>, 'find'>,
  scope: Scope,
  id: SubscriptionId,
): Promise<Subscription> {
  const found = await store.find(scope, id);
  if (found === null || found.state === 'deleted') throw notFound(subscriptionKind, id);
  return found;
}

/** Which documents a list shows: deleted ones only when they are asked for. */
export const whereListed = ({ consumer_id: consumer, event, state }: ListFilters): Where => ({
  in: {
    state: state === undefined ? notDeleted : [state],
    ...(consumer === undefined ? {} : { consumer_id: [consumer] }),
    ...(event === undefined ? {} : { events: patternsCovering(event) }),
  },
});

/** A page of subscriptions, newest first. */
export const listSubscriptions = async (
  store: Pick<DocumentStore<Subscription>, 'list'>,
  scope: Scope,
  { filters, place }: Readonly<{ filters: ListFilters; place: ListPosition }>,
): Promise<Listed<Subscription>> =>
  store.list(scope, { where: whereListed(filters), ...place, order: 'falling' });
