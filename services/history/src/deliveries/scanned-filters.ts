import type { DeliveryFilters } from './ports.ts';

/** Returns the filters that an index serves. */
export const indexedFilters = ({
  statusClass: _class,
  reason: _reason,
  orderingKey: _key,
  trigger: _trigger,
  ...indexed
}: DeliveryFilters): DeliveryFilters => indexed;

/**
 * Returns true if the matching deliveries can be found only among all that the indexed filters leave. Those of one event
 * are few.
 */
export const isScanned = (filters: DeliveryFilters): boolean =>
  filters.eventId === undefined &&
  [filters.statusClass, filters.reason, filters.orderingKey, filters.trigger].some(
    (value) => value !== undefined,
  );
