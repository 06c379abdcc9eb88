import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';

export const targets = ['missing', 'subscription', 'all'] as const;

/** The receivers of a replay: those that missed the events, one subscription, or all. */
export type Target = (typeof targets)[number];

/** The search parameters of the form, for links from other pages. */
export const replayFilters = defineFilters({ target: oneOf(targets), subscription_id: text() });
