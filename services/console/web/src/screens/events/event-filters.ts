import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';
import { timeRanges } from '../../parts/list/time-range.ts';

/** The search parameters of the list. All but `since` are the API's own. */
export const eventFilters = defineFilters({
  type: text(),
  text: text(128),
  consumer_id: text(),
  ordering_key: text(),
  caller_id: text(),
  source: text(),
  since: oneOf(timeRanges),
});
