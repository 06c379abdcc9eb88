import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';

/** The states of a consumer. */
export const states = ['active', 'disabled'] as const;

/** The search parameters of the list. `id` finds one consumer. */
export const consumerFilters = defineFilters({ state: oneOf(states), id: text(128) });
