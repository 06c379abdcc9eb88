import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';
import { timeRanges } from '../../parts/list/time-range.ts';

export const states = ['waiting', 'redriving', 'redriven', 'delivered', 'discarded'] as const;
export const kinds = ['delivery', 'poison'] as const;
export const reasons = [
  'exhausted',
  'not-retried',
  'disabled',
  'backlog-full',
  'unknown-subscription',
  'data-missing',
  'data-changed',
  'filter-limit',
  'idempotency-conflict',
  'undecodable',
] as const;

/** The search parameters of the list. All but `since` are the API's own. */
export const deadLetterFilters = defineFilters({
  state: oneOf(states),
  reason: oneOf(reasons),
  kind: oneOf(kinds),
  since: oneOf(timeRanges),
  event_type: text(),
  subscription_id: text(),
  event_id: text(),
  consumer_id: text(),
});
