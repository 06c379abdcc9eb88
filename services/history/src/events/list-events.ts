import type { DeliveryStore, OutcomeCounts } from '../deliveries/ports.ts';
import type { TenantScope } from '../domain/tenant-scope.ts';
import { listInSteps } from '../list-in-steps.ts';
import type { SearchTurns } from '../search-turns.ts';
import type { StoredEvent } from './domain/event.ts';
import type { EventFilters, EventPage, EventPosition, EventStore } from './ports.ts';

/** An event and the number of its deliveries by their status, as far as the caller may see them. */
export type EventWithCounts = Readonly<{ event: StoredEvent; counts: OutcomeCounts }>;

/**
 * One page of events, newest first; `next` is the start of the following page, null on the last. `scannedToMs`: if the
 * page ended early, the time up to which all matching events are in it; else null.
 */
export type EventList = Readonly<{
  events: readonly StoredEvent[];
  next: EventPosition | null;
  scannedToMs: number | null;
}>;

/** Returns the position of an event in a list. */
export const positionOf = ({ acceptedAtMs, id }: StoredEvent): EventPosition => ({ acceptedAtMs, id });

/** Lists the matching events. The position of an event never changes, so no page skips or repeats one. */
export const listEvents = async (
  { store, turns }: Readonly<{ store: Pick<EventStore, 'step'>; turns: SearchTurns }>,
  filters: EventFilters,
  page: EventPage,
): Promise<EventList> =>
  turns.run(filters.workspaceId, async (mayGoOn) => {
    const step = async (of: EventPage) => store.step(filters, of);
    const { found, next, isCut } = await listInSteps({ step, positionOf, mayGoOn }, page);
    return { events: found, next, scannedToMs: isCut ? (next?.acceptedAtMs ?? null) : null };
  });

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
