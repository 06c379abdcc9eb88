import { eventId, type WorkspaceId } from '@tidings/contracts';
import { pageReply, type Route, route } from '@tidings/http';
import type { ObjectStorage } from '@tidings/object-storage';
import { AppError, type Clock } from '@tidings/runtime';
import { withScannedTo } from '../../adapters/scanned-page.ts';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { summaryView } from '../../deliveries/adapters/delivery-view.ts';
import type { DeliveryStore } from '../../deliveries/ports.ts';
import { SearchTurns } from '../../search-turns.ts';
import { listEvents, withCounts } from '../list-events.ts';
import type { EventLog, EventStore } from '../ports.ts';
import { searchEvents } from '../search-events.ts';
import { eventDataRoute } from './event-data-route.ts';
import { type EventQuery, eventListQuery, readEventQuery } from './event-query.ts';
import { eventDetailSchema, eventListSchema } from './event-schemas.ts';
import { dataView, eventView, receivedView } from './event-view.ts';

/** The dependencies of the routes. */
export type EventParts = Readonly<{
  store: Pick<EventStore, 'find' | 'step'>;
  deliveries: Pick<DeliveryStore, 'list' | 'countByEvent'>;
  log: EventLog;
  storage: Pick<ObjectStorage, 'get' | 'head'>;
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}>;

const path = '/v1/webhooks/events';
const maxListedDeliveries = 100;
// Each holds a chunk of data in memory and keeps a core busy. One a workspace: no workspace keeps the others from it.
const maxSearches = 4;

const busy = (detail: string): AppError =>
  new AppError({
    code: 'rate-limited',
    message: `${detail}: repeat the request later.`,
    retryAfterMs: 5_000,
  });

/**
 * Returns a function that lists events, by their data too. Of the searches of the data, one of each workspace runs at a
 * time, and at most four in all.
 */
const createLister = (parts: EventParts) => {
  const { store, clock } = parts;
  const turns = new SearchTurns(clock);
  const searching = new Set<WorkspaceId>();
  return async ({ filters, page, text }: EventQuery) => {
    if (text === undefined) return listEvents({ store, turns }, filters, page);
    const { workspaceId } = filters;
    if (searching.has(workspaceId))
      throw busy('A search by text of this workspace is running, one at a time');
    if (searching.size >= maxSearches) throw busy(`${maxSearches} searches by text are running, the maximum`);
    searching.add(workspaceId);
    try {
      return await searchEvents(parts, filters, { ...page, text });
    } finally {
      searching.delete(workspaceId);
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
      return withScannedTo(reply, scannedToMs);
    },
  });
};

const singleRoute = ({ store, deliveries, log, clock }: EventParts): Route =>
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
      const [[counted], listed, logged] = await Promise.all([
        withCounts(deliveries, [event], scope),
        deliveries.list({ ...scope, eventId: id }, { limit: maxListedDeliveries, after: null }),
        log.read(event),
      ]);
      const view = dataView(logged?.data ?? null, event);
      // The headers of a third party say more about it than its data: not for consumers.
      const received = scope.ownerId === null ? logged?.received : undefined;
      return {
        status: 200,
        body: {
          ...eventView(counted ?? { event, counts: {} }),
          ...view.body,
          received: receivedView(received),
          delivery_list: listed.map((one) => summaryView(one, clock.nowMs())),
        },
        raw: view.raw,
      };
    },
  });

/** Declares the routes for the list of events, the single event with its data, and the data alone. */
export const webhookEventRoutes = (parts: EventParts): Route[] => [
  listRoute(parts),
  singleRoute(parts),
  eventDataRoute(parts),
];
