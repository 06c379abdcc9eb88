import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';

export const kinds = ['event', 'attempt', 'state'] as const;
export const statuses = [
  'pending',
  'retrying',
  'delivered',
  'failed',
  'dead_lettered',
  'suppressed',
] as const;

/** The search parameters of the page: the API's own. */
export const liveFilters = defineFilters({
  kinds: oneOf(kinds),
  types: text(),
  status: oneOf(statuses),
  subscription_id: text(),
  consumer_id: text(128),
});
