import type { Subject } from './export-filters.ts';

/** A filter of the API by name; the form has a row for each. */
export type FilterRow = Readonly<{ name: string; value: string }>;

/** The names of the API's filters by subject, as suggestions. The first two are a range of time. */
export const filterNames: Readonly<Record<Subject, readonly string[]>> = {
  events: ['accepted_after', 'accepted_before', 'type', 'source', 'consumer_id', 'ordering_key', 'caller_id'],
  deliveries: [
    ...['created_after', 'created_before', 'status', 'status_class', 'reason', 'trigger', 'event_type'],
    ...['subscription_id', 'event_id', 'consumer_id', 'ordering_key'],
  ],
  attempts: [
    ...['created_after', 'created_before', 'status', 'status_class', 'reason', 'trigger', 'event_type'],
    ...['subscription_id', 'event_id', 'consumer_id', 'ordering_key'],
  ],
  dead_letters: [
    ...['recorded_after', 'recorded_before', 'state', 'reason', 'kind', 'event_type', 'subscription_id'],
    ...['event_id', 'consumer_id'],
  ],
  audit: ['after', 'before', 'kind', 'entity_id', 'key_id'],
};

/** Returns the rows of a query such as `status=failed&event_type=order.*`. */
export const rowsOf = (query: string): readonly FilterRow[] =>
  [...new URLSearchParams(query)].map(([name, value]) => ({ name, value }));

/** Returns the filter of a request. Rows without a value are left out; of a name that is there twice the last counts. */
export const filterOf = (rows: readonly FilterRow[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    rows
      .map(({ name, value }) => [name.trim(), value.trim()] as const)
      .filter(([name, value]) => name !== '' && value !== ''),
  );
