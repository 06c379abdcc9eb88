import type { EventFilters } from './ports.ts';

/** Returns the filters that an index serves. */
export const indexedFilters = ({
  source: _source,
  orderingKey: _key,
  ...indexed
}: EventFilters): EventFilters => indexed;

/**
 * Returns true if the matching events can be found only among all that the indexed filters leave. Those with one id of
 * their publisher are few.
 */
export const isScanned = ({ callerId, source, orderingKey }: EventFilters): boolean =>
  callerId === undefined && (source !== undefined || orderingKey !== undefined);
