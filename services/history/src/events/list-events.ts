import type { DeliveryStore, OutcomeCounts } from '../deliveries/ports.ts';
import type { TenantScope } from '../domain/tenant-scope.ts';
import type { StoredEvent } from './domain/event.ts';
import type { EventFilters, EventPage, EventPosition, EventStore } from './ports.ts';

/** An event and the number of its deliveries by their status, as far as the caller may see them. */
export type EventWithCounts = Readonly<{ event: StoredEvent; counts: OutcomeCounts }>;

/** One page of events, newest first; `next` is the start of the following page, null on the last. */
export type EventList = Readonly<{ events: readonly StoredEvent[]; next: EventPosition | null }>;

/** Returns the position of an event in a list. */
export const positionOf = ({ acceptedAtMs, id }: StoredEvent): EventPosition => ({ acceptedAtMs, id });

/** Lists the matching events. The position of an event never changes, so no page skips or repeats one. */
export const listEvents = async (
  store: Pick<EventStore, 'list'>,
  filters: EventFilters,
  { limit, after }: EventPage,
): Promise<EventList> => {
  // One more than requested shows whether there is another page.
  const found = await store.list(filters, { limit: limit + 1, after });
  const events = found.slice(0, limit);
  const last = events.at(-1);
  return { events, next: found.length <= limit || last === undefined ? null : positionOf(last) };
};

const noDeliveries: OutcomeCounts = {};

/** Adds the counts of their deliveries to events. */
export const withCounts = async (
  deliveries: Pick<DeliveryStore, 'countByEvent'>,
  events: readonly StoredEvent[],
  scope: TenantScope,
): Promise<readonly EventWithCounts[]> => {
  const counts = await deliveries.countByEvent(
    events.map(({ id }) => id),
    scope,
  );
  return events.map((event) => ({ event, counts: counts.get(event.id) ?? noDeliveries }));
};
