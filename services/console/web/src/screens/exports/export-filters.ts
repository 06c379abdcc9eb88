import { defineFilters, oneOf, text } from '../../parts/list/filters.ts';

export const subjects = ['events', 'deliveries', 'attempts', 'dead_letters', 'audit'] as const;

/** The lists that can be exported. */
export type Subject = (typeof subjects)[number];

/** The search parameters of the form: `of` and `filter` (a query such as `status=failed`), for links from lists. */
export const newExportFilters = defineFilters({ of: oneOf(subjects), filter: text(2_000) });
