import { eventId } from '@tidings/contracts';
import { pageReply, type Route, route } from '@tidings/http';
import { AppError, type Clock } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { summaryView } from '../../deliveries/adapters/delivery-view.ts';
import type { DeliveryStore } from '../../deliveries/ports.ts';
import { listEvents, withCounts } from '../list-events.ts';
import type { EventLog, EventStore } from '../ports.ts';
import { searchEvents } from '../search-events.ts';
import { type EventQuery, eventListQuery, readEventQuery } from './event-query.ts';
import { eventDetailSchema, eventListSchema } from './event-schemas.ts';
import { dataView, eventView } from './event-view.ts';

/** The dependencies of the routes. */
export type EventParts = Readonly<{
  store: Pick<EventStore, 'find' | 'list'>;
  deliveries: Pick<DeliveryStore, 'list' | 'countByEvent'>;
  log: EventLog;
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}>;

const path = '/v1/webhooks/events';
const maxListedDeliveries = 100;
// Each holds a chunk of data in memory and keeps a core busy.
const maxSearches = 2;

/** Returns a function that lists events, by their data too; at most two searches of the data run at a time. */
const createLister = (parts: EventParts) => {
  let searches = 0;
  return async ({ filters, page, text }: EventQuery) => {
    if (text === undefined) return { ...(await listEvents(parts.store, filters, page)), scannedToMs: null };
    if (searches >= maxSearches) {
      const message = `${maxSearches} searches by text are running, and no more can at a time: repeat the request later.`;
      throw new AppError({ code: 'rate-limited', message, retryAfterMs: 5_000 });
    }
    searches += 1;
    try {
      return await searchEvents(parts, filters, { ...page, text });
    } finally {
      searches -= 1;
    }
  };
};

const listRoute = (parts: EventParts): Route => {
  const list = createLister(parts);
  return route({
    operationId: 'listEvents',
    method: 'GET',
    path,
    access: 'deliveries:read',
    tag: 'Events',
    summary: 'List events, newest first',
    description:
      "A key of a workspace sees all of its events; a consumer's key those that are addressed to the consumer or to everybody.",
    query: eventListQuery,
    responses: { 200: { description: 'A page.', schema: eventListSchema, headers: ['Link'] } },
    handle: async (call) => {
      const query = readEventQuery(call.query, call.principal);
      const { events, next, scannedToMs } = await list(query);
      const data = await withCounts(parts.deliveries, events, tenantScopeOf(call.principal));
      const reply = pageReply(call.request, { data: data.map(eventView), nextCursor: query.cursorAt(next) });
      const scannedTo = scannedToMs === null ? null : new Date(scannedToMs).toISOString();
      return { ...reply, body: { ...reply.body, scanned_to: scannedTo } };
    },
  });
};

const singleRoute = ({ store, deliveries, log }: EventParts): Route =>
  route({
    operationId: 'getEvent',
    method: 'GET',
    path: `${path}/{id}`,
    access: 'deliveries:read',
    tag: 'Events',
    summary: 'Read an event with its data and deliveries',
    params: { id: { type: 'string', pattern: '^evt_[0-9a-f]{32}$', description: 'The id of the event.' } },
    responses: { 200: { description: 'The event.', schema: eventDetailSchema } },
    handle: async ({ params, principal }) => {
      const scope = tenantScopeOf(principal);
      const id = eventId(params.id);
      const event = await store.find(id, scope);
      // An event outside the key's scope is indistinguishable from one that does not exist.
      if (event === null) {
        throw new AppError({ code: 'not-found', message: `There is no event '${params.id}'.` });
      }
      const [[counted], listed, [data = null]] = await Promise.all([
        withCounts(deliveries, [event], scope),
        deliveries.list({ ...scope, eventId: id }, { limit: maxListedDeliveries, after: null }),
        log.readData([event]),
      ]);
      const view = dataView(data, event);
      return {
        status: 200,
        body: {
          ...eventView(counted ?? { event, counts: {} }),
          ...view.body,
          delivery_list: listed.map(summaryView),
        },
        raw: view.raw,
      };
    },
  });

/** Declares the routes for the list of events and the single event with its data. */
export const webhookEventRoutes = (parts: EventParts): Route[] => [listRoute(parts), singleRoute(parts)];
