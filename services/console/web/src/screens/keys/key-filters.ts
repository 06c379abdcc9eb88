import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';

/** The states of a key. */
export const states = ['active', 'expired', 'revoked'] as const;

/** The workspace of a key, if it is not that of the session: for keys with the scope `platform`. */
export const ofWorkspace = defineFilters({ workspace_id: text() });

/** The search parameters of the list, which are the API's own. */
export const keyFilters = defineFilters({ state: oneOf(states), consumer_id: text(), ...ofWorkspace.kinds });

/** The search parameters of the form of a new key: what it begins with. */
export const newKeyFilters = defineFilters({ consumer_id: text(), ...ofWorkspace.kinds });
