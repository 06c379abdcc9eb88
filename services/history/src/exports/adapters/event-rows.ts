import { AppError } from '@tidings/runtime';
import type { DeliveryStore } from '../../deliveries/ports.ts';
import { eventListQuery, readEventQuery } from '../../events/adapters/event-query.ts';
import { dataView, eventView } from '../../events/adapters/event-view.ts';
import type { StoredEvent } from '../../events/domain/event.ts';
import { positionOf, withCounts } from '../../events/list-events.ts';
import type { EventFilters, EventLog, EventPosition, EventStore } from '../../events/ports.ts';
import { isScanned } from '../../events/scanned-filters.ts';
import { RawJson } from '../domain/raw-json.ts';
import type { RowRequest, RowSource } from '../ports.ts';
import { earlier, principalOf, readFilter } from './row-filter.ts';

/** The stores of events, and their data in the log. */
export type EventBackends = Readonly<{
  events: Pick<EventStore, 'step' | 'count'>;
  deliveries: Pick<DeliveryStore, 'countByEvent'>;
  log: EventLog;
}>;

const atOnce = 200;
const bytesAtOnce = 4 * 1024 * 1024;

/** The columns of events. */
const eventColumns = [
  ...['id', 'type', 'source', 'time', 'accepted_at', 'consumer_id', 'ordering_key', 'caller_id', 'trace_id'],
  ...[
    'size_bytes',
    'position.partition',
    'position.offset',
    'erased',
    'deliveries.total',
    'deliveries.pending',
  ],
  ...['deliveries.retrying', 'deliveries.delivered', 'deliveries.failed', 'deliveries.dead_lettered'],
  ...['deliveries.suppressed', 'data_status', 'data_encoding', 'data', 'data_url', 'data_sha256'],
] as const;

const filtersOf = (request: RowRequest): EventFilters => {
  const { filters } = readFilter(request, (filter) => {
    if (filter['text'] !== undefined) {
      const detail = 'is not available for exports: search the list instead';
      throw new AppError({
        code: 'invalid-request',
        message: detail,
        details: [{ pointer: '/text', detail }],
      });
    }
    return readEventQuery(eventListQuery.read(filter), principalOf(request));
  });
  return { ...filters, acceptedBeforeMs: earlier(filters.acceptedBeforeMs, request.beforeMs) };
};

/** Returns the first events whose data fit into memory together; one always does. */
const lightest = (events: readonly StoredEvent[]): readonly StoredEvent[] => {
  let bytes = 0;
  const end = events.findIndex(({ sizeBytes, dataSha256 }, at) => {
    bytes += dataSha256 === undefined ? sizeBytes : 0;
    return at > 0 && bytes > bytesAtOnce;
  });
  return end < 0 ? events : events.slice(0, end);
};

const dataFields = (event: StoredEvent, data: Buffer | null): object => {
  const { body, raw } = dataView(data, event);
  const texts = Object.entries(raw).map(([name, text]) => [name, new RawJson(text)] as const);
  return { ...body, ...Object.fromEntries(texts) };
};

/** Returns the source of events with their data, as far as the log has it. */
export const eventRows = ({ events, deliveries, log }: EventBackends): RowSource => ({
  columns: eventColumns,
  check: (request) => void filtersOf(request),
  count: async (request) => {
    const filters = filtersOf(request);
    return isScanned(filters) ? null : events.count(filters);
  },
  read: async (request, after) => {
    const filters = filtersOf(request);
    const { found, reached } = await events.step(filters, {
      limit: atOnce,
      after: after as EventPosition | null,
    });
    const page = lightest(found);
    const { workspaceId, ownerId } = request;
    const [counted, data] = await Promise.all([
      withCounts(deliveries, page, { workspaceId, ownerId }),
      log.readData(page),
    ]);
    const rows = counted.map((one, at) => ({
      ...eventView(one),
      ...dataFields(one.event, data[at] ?? null),
    }));
    const last = page.at(-1);
    const isCut = last !== undefined && page.length < found.length;
    return { rows, read: page.length, next: isCut ? positionOf(last) : reached };
  },
});
