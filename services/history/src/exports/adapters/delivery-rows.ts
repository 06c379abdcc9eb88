import type { Clock } from '@tidings/runtime';
import { listQuery, readDeliveryQuery } from '../../deliveries/adapters/delivery-query.ts';
import { deliveryView, summaryView } from '../../deliveries/adapters/delivery-view.ts';
import type { DeliveryFilters, DeliveryStore, ListPosition } from '../../deliveries/ports.ts';
import { isScanned } from '../../deliveries/scanned-filters.ts';
import type { RowRequest, RowSource } from '../ports.ts';
import { earlier, principalOf, readFilter } from './row-filter.ts';

type Store = Pick<DeliveryStore, 'step' | 'read' | 'count'>;

const deliveriesAtOnce = 500;
// A delivery can have 200 attempts, each with headers and 16 KiB of a body.
const deliveriesWithAttemptsAtOnce = 20;

/** The columns of deliveries. */
const deliveryColumns = [
  ...[
    'id',
    'event_id',
    'event_type',
    'subscription_id',
    'ordering_key',
    'consumer_id',
    'status',
    'status_reason',
  ],
  ...[
    'attempt_count',
    'last_status_code',
    'last_reason',
    'last_attempt_at',
    'next_attempt_at',
    'erased',
    'created_at',
    'updated_at',
  ],
] as const;

/** The columns of attempts: those that name the delivery, and those of the attempt. */
const attemptColumns = [
  ...['delivery_id', 'event_id', 'event_type', 'subscription_id', 'consumer_id'],
  ...['attempt', 'chain', 'trigger', 'at', 'duration_ms', 'outcome', 'status_code', 'reason'],
  ...['response_excerpt', 'next.kind', 'next.at', 'next.reason'],
  ...['phases.dns_ms', 'phases.connect_ms', 'phases.tls_ms', 'phases.first_byte_ms', 'phases.body_ms'],
  ...['phases.total_ms', 'request_headers', 'request_headers_omitted', 'response_headers'],
  ...['response_headers_omitted', 'response_body', 'response_body_encoding', 'response_body_truncated'],
  ...['response_body_withheld', 'details'],
] as const;

const filtersOf = (request: RowRequest): DeliveryFilters => {
  const { filters } = readFilter(request, (filter) =>
    readDeliveryQuery(listQuery.read(filter), principalOf(request)),
  );
  return { ...filters, createdBeforeMs: earlier(filters.createdBeforeMs, request.beforeMs) };
};

const listed = (store: Store) => ({
  check: (request: RowRequest) => void filtersOf(request),
  count: async (request: RowRequest) => {
    const filters = filtersOf(request);
    return isScanned(filters) ? null : store.count(filters);
  },
});

/** Returns the source of deliveries, without their attempts. */
export const deliveryRows = (store: Store, clock: Pick<Clock, 'nowMs'>): RowSource => ({
  columns: deliveryColumns,
  ...listed(store),
  read: async (request, after) => {
    const page = { limit: deliveriesAtOnce, after: after as ListPosition | null };
    const { found, reached } = await store.step(filtersOf(request), page);
    const nowMs = clock.nowMs();
    return { rows: found.map((one) => summaryView(one, nowMs)), read: found.length, next: reached };
  },
});

/** Returns the source of attempts: a row for each request that was made for a delivery, in order. */
export const attemptRows = (store: Store, clock: Pick<Clock, 'nowMs'>): RowSource => ({
  columns: attemptColumns,
  ...listed(store),
  read: async (request, after) => {
    const page = { limit: deliveriesWithAttemptsAtOnce, after: after as ListPosition | null };
    const { found, reached } = await store.step(filtersOf(request), page);
    const whole = await store.read(found);
    const rows = found.flatMap(({ id }) => {
      const delivery = whole.get(id)?.delivery;
      if (delivery === undefined) return [];
      const view = deliveryView(delivery, clock.nowMs()) as Readonly<{ attempts: readonly object[] }>;
      const of = {
        delivery_id: id,
        event_id: delivery.eventId,
        event_type: delivery.eventType,
        subscription_id: delivery.subscriptionId,
        consumer_id: delivery.consumerId,
      };
      return view.attempts.map((attempt) => ({ ...of, ...attempt }));
    });
    return { rows, read: found.length, next: reached };
  },
});
