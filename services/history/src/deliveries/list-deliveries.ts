import { documentKey } from './domain/delivery.ts';
import type { DeliveryFilters, DeliveryStore, DeliverySummary, ListPosition } from './ports.ts';

/** One page of deliveries, newest first; `next` is the start of the following page, null on the last. */
export type DeliveryPage = Readonly<{ deliveries: readonly DeliverySummary[]; next: ListPosition | null }>;

/** Lists the matching deliveries. The position of a delivery never changes, so no page skips or repeats one. */
export const listDeliveries = async (
  store: Pick<DeliveryStore, 'list'>,
  filters: DeliveryFilters,
  { limit, after }: Readonly<{ limit: number; after: ListPosition | null }>,
): Promise<DeliveryPage> => {
  // One more than requested shows whether there is another page.
  const found = await store.list(filters, { limit: limit + 1, after });
  const deliveries = found.slice(0, limit);
  const last = deliveries.at(-1);
  const isLast = found.length <= limit || last === undefined;
  return { deliveries, next: isLast ? null : { createdAtMs: last.createdAtMs, key: documentKey(last) } };
};
