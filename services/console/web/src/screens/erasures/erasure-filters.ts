import { defineFilters, text } from '../../parts/list/filters.ts';

/** The search parameters of the page: what is to be erased, for links from other pages. */
export const erasureFilters = defineFilters({ event_id: text(), consumer_id: text(128) });
