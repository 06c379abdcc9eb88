import { listInSteps } from '../list-in-steps.ts';
import type { SearchTurns } from '../search-turns.ts';
import { documentKey } from './domain/delivery.ts';
import type { DeliveryFilters, DeliveryStore, DeliverySummary, ListPosition } from './ports.ts';

/**
 * One page of deliveries, newest first; `next` is the start of the following page, null on the last. `scannedToMs`: if
 * the page ended early, the time up to which all matching deliveries are in it; else null.
 */
export type DeliveryPage = Readonly<{
  deliveries: readonly DeliverySummary[];
  next: ListPosition | null;
  scannedToMs: number | null;
}>;

/** Returns the position of a delivery in a list. */
export const positionOf = (
  delivery: Pick<DeliverySummary, 'createdAtMs' | 'eventId' | 'id'>,
): ListPosition => ({
  createdAtMs: delivery.createdAtMs,
  key: documentKey(delivery),
});

/** Lists the matching deliveries. The position of a delivery never changes, so no page skips or repeats one. */
export const listDeliveries = async (
  { store, turns }: Readonly<{ store: Pick<DeliveryStore, 'step'>; turns: SearchTurns }>,
  filters: DeliveryFilters,
  page: Readonly<{ limit: number; after: ListPosition | null }>,
): Promise<DeliveryPage> =>
  turns.run(filters.workspaceId, async (mayGoOn) => {
    const step = async (of: typeof page) => store.step(filters, of);
    const { found, next, isCut } = await listInSteps({ step, positionOf, mayGoOn }, page);
    return { deliveries: found, next, scannedToMs: isCut ? (next?.createdAtMs ?? null) : null };
  });
