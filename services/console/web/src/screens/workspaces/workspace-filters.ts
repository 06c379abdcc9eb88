import { defineFilters, oneOf } from '../../parts/list/filters.ts';

/** The states of a workspace. */
export const states = ['active', 'disabled'] as const;

/** The search parameters of the list, which are the API's own. */
export const workspaceFilters = defineFilters({ state: oneOf(states) });
