import { defineFilters, text } from '../../parts/list/filters.ts';

/** The search parameters of the page: the API's own. */
export const undeliveredFilters = defineFilters({ consumer_id: text(128), subscription_id: text() });
