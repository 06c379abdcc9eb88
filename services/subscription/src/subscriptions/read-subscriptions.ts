import type { SubscriptionId } from '@tidings/contracts';
import type { DocumentStore, Listed, Scope, Where } from '../registry/ports.ts';
import { notFound } from '../registry/write-version.ts';
import { patternsCovering } from './domain/event-rules.ts';
import { notDeleted, type Subscription } from './domain/subscription.ts';
import { subscriptionKind } from './subscription-kind.ts';

/** Filters of a list. `event`: subscriptions that match an event of this name. */
export type ListFilters = Readonly<{
  consumer_id: string | undefined;
  event: string | undefined;
  state: Subscription['state'] | undefined;
}>;

/** Position of a page: the id of the last subscription shown, and the maximum number to return. */
export type ListPosition = Readonly<{ afterId: string | null; limit: number }>;

/**
 * Returns one subscription. A deleted one is not found for its owner, although the event path retains it for a while.
 */
export async function readSubscription(
  store: Pick<DocumentStore<Subscription>, 'find'>,
  scope: Scope,
  id: SubscriptionId,
): Promise<Subscription> {
  const found = await store.find(scope, id);
  if (found === null || found.state === 'deleted') throw notFound(subscriptionKind, id);
  return found;
}

/** Returns the condition of a list: deleted subscriptions only when they are requested. */
export const whereListed = ({ consumer_id: consumer, event, state }: ListFilters): Where => ({
  in: {
    state: state === undefined ? notDeleted : [state],
    ...(consumer === undefined ? {} : { consumer_id: [consumer] }),
    ...(event === undefined ? {} : { events: patternsCovering(event) }),
  },
});

/** Returns a page of subscriptions, newest first. */
export const listSubscriptions = async (
  store: Pick<DocumentStore<Subscription>, 'list'>,
  scope: Scope,
  { filters, position }: Readonly<{ filters: ListFilters; position: ListPosition }>,
): Promise<Listed<Subscription>> =>
  store.list(scope, { where: whereListed(filters), ...position, order: 'falling' });
