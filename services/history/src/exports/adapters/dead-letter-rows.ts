import { deadLetterFiltersOf, deadLetterListQuery } from '../../dead-letters/adapters/dead-letter-request.ts';
import { deadLetterView } from '../../dead-letters/adapters/dead-letter-view.ts';
import { deadLetterKey } from '../../dead-letters/domain/dead-letter.ts';
import type { DeadLetterFilters } from '../../dead-letters/domain/dead-letter-filters.ts';
import type { DeadLetterPosition, DeadLetterStore } from '../../dead-letters/ports.ts';
import type { RowRequest, RowSource } from '../ports.ts';
import { earlier, principalOf, readFilter } from './row-filter.ts';

const atOnce = 500;

/** The columns of dead letters. */
const deadLetterColumns = [
  ...['id', 'kind', 'state', 'reason', 'delivery_id', 'chain', 'event_id', 'event_type', 'subscription_id'],
  ...['consumer_id', 'attempt_count', 'last_status_code', 'last_error', 'first_error_at', 'last_error_at'],
  ...['recorded_at', 'bytes', 'erased', 'origin.topic', 'origin.partition', 'origin.offset', 'origin.group'],
  ...['origin.detail', 'job_id', 'redriven_chain', 'settled.at', 'settled.by', 'settled.reason'],
] as const;

const filtersOf = (request: RowRequest): DeadLetterFilters => {
  const filters = readFilter(request, (filter) =>
    deadLetterFiltersOf(deadLetterListQuery.read(filter), principalOf(request)),
  );
  const recordedBeforeMs = earlier(filters.recordedBeforeMs, request.beforeMs);
  return { ...filters, poison: request.poison, recordedBeforeMs };
};

/** Returns the source of dead letters, without their content. */
export const deadLetterRows = (store: Pick<DeadLetterStore, 'list' | 'count'>): RowSource => ({
  columns: deadLetterColumns,
  check: (request) => void filtersOf(request),
  count: async (request) => {
    const counts = await store.count(filtersOf(request));
    return counts.reduce((sum, { count }) => sum + count, 0);
  },
  read: async (request, after) => {
    const page = { limit: atOnce, after: after as DeadLetterPosition | null };
    const found = await store.list(filtersOf(request), page);
    const last = found.at(-1);
    const isEnd = last === undefined || found.length < atOnce;
    const next = isEnd ? null : { recordedAtMs: last.recordedAtMs, key: deadLetterKey(last.ref) };
    return { rows: found.map(deadLetterView), read: found.length, next };
  },
});
