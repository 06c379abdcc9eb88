import { defineFilters, type FilterKind, oneOf, text } from '../../parts/list/filters.ts';

/** The states that a list can be narrowed to. */
export const listedStates = ['active', 'draft', 'deprecated', 'archived'] as const;

/** The search parameters of the list: the API's own. */
export const eventTypeFilters = defineFilters({
  search: text(100),
  group: text(64),
  state: oneOf(listedStates),
});

const version: FilterKind<string> = {
  accept: (value): value is string => /^[1-9][0-9]{0,5}$/.test(value),
};

/** The search parameters of one type: the schema that is shown, and the one that it is compared with. */
export const schemaFilters = defineFilters({ version, against: version });
