import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';
import { timeRanges } from '../../parts/list/time-range.ts';

export const statuses = [
  'pending',
  'retrying',
  'delivered',
  'failed',
  'dead_lettered',
  'suppressed',
] as const;
export const statusClasses = ['2xx', '3xx', '4xx', '5xx', 'none'] as const;
export const triggers = ['event', 'retry', 'manual', 'replay', 'redrive', 'test'] as const;

/** The search parameters of the list. All but `since` are the API's own. */
export const deliveryFilters = defineFilters({
  status: oneOf(statuses),
  status_class: oneOf(statusClasses),
  trigger: oneOf(triggers),
  event_type: text(),
  subscription_id: text(),
  event_id: text(),
  consumer_id: text(),
  ordering_key: text(),
  reason: text(64),
  since: oneOf(timeRanges),
});
