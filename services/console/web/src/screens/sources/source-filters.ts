import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';
import { timeRanges } from '../../parts/list/time-range.ts';

/** The states of a source. */
export const states = ['active', 'disabled'] as const;

/** The search parameters of the list. */
export const sourceFilters = defineFilters({ state: oneOf(states) });

/** The outcomes of a webhook. */
export const outcomes = ['accepted', 'repeated', 'checked', 'refused'] as const;

/** The reasons of refusals. */
export const reasons = [
  'no-matching-signature',
  'missing-signature',
  'malformed-signature',
  'repeated-header',
  'timestamp-out-of-range',
  'malformed-timestamp',
  'content-type',
  'too-large',
  'incomplete',
  'empty',
  'overloaded',
  'unavailable',
] as const;

/** The search parameters of what a source received. */
export const receivedFilters = defineFilters({
  outcome: oneOf(outcomes),
  reason: oneOf(reasons),
  type: text(128),
  event_id: text(36),
  since: oneOf(timeRanges),
});
