import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';

/** The search parameters of the list: the API's own. */
export const subscriptionFilters = defineFilters({
  state: oneOf(['active', 'disabled', 'deleted']),
  event: text(),
  consumer_id: text(),
});

/** The search parameter of the page for a new one: whose it is. */
export const newFilters = defineFilters({ consumer_id: text() });
