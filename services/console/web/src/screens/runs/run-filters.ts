import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';
import { timeRanges } from '../../parts/list/time-range.ts';

export const statuses = ['running', 'waiting', 'completed', 'failed', 'cancelled'] as const;

export const reasons = ['step-failed', 'unknown-step', 'unknown-handler', 'state-too-large'] as const;

/** The search parameters of the list. All but `since` are the API's own. */
export const runFilters = defineFilters({
  status: oneOf(statuses),
  since: oneOf(timeRanges),
  app: text(),
  handler: text(),
  event_id: text(),
  ordering_key: text(),
  consumer_id: text(128),
  reason: oneOf(reasons),
  step: text(),
});
