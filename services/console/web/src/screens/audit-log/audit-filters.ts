import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';
import { timeRanges } from '../../parts/list/time-range.ts';

/** The kinds of objects whose changes are in the log. */
export const kinds = [
  'subscription',
  'event_type',
  'source',
  'consumer',
  'api-key',
  'token-key',
  'workspace',
  'erasure',
] as const;

/** The search parameters of the list. All but `since` are the API's own. */
export const auditFilters = defineFilters({
  kind: oneOf(kinds),
  entity_id: text(),
  key_id: text(),
  since: oneOf(timeRanges),
});
