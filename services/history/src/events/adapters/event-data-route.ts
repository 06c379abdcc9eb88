import { pipeline } from 'node:stream/promises';
import { eventId, largeDataKey } from '@tidings/contracts';
import { named, type Route, route } from '@tidings/http';
import type { ObjectStorage } from '@tidings/object-storage';
import { AppError } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import type { EventLog, EventStore } from '../ports.ts';

/** The dependencies of the route. */
export type EventDataParts = Readonly<{
  store: Pick<EventStore, 'find'>;
  log: Pick<EventLog, 'read'>;
  storage: Pick<ObjectStorage, 'get'>;
}>;

const noData = (id: string, reason: string): AppError =>
  new AppError({ code: 'not-found', message: `The data of event '${id}' ${reason}.` });

const dataOf = async ({ store, log, storage }: EventDataParts, ...[id, scope]: FindArguments) => {
  const event = await store.find(id, scope);
  // An event outside the key's scope is indistinguishable from one that does not exist.
  if (event === null) throw new AppError({ code: 'not-found', message: `There is no event '${id}'.` });
  if (event.isErased === true) throw noData(id, 'are erased');
  const logged = await log.read(event);
  if (logged === null) throw noData(id, 'have expired');
  const { data, large } = logged;
  if (large === undefined) return { bytes: data.length, body: [data] };
  const { workspaceId } = event;
  const found = await storage.get(largeDataKey({ workspaceId, eventId: id, sha256: large.sha256 }));
  if (found === null) throw noData(id, 'are not in the object storage any more');
  return { bytes: found.object.bytes, body: found.body };
};

type FindArguments = Parameters<EventStore['find']>;

/** Any JSON value, as it was published. */
const dataSchema = named('EventData', {}, { order_id: 'ord_7' });

/** Declares the route that sends the data of an event alone, also those that are too large for a record. */
export const eventDataRoute = (parts: EventDataParts): Route =>
  route({
    operationId: 'getEventData',
    method: 'GET',
    path: '/v1/webhooks/events/{id}/data',
    access: 'deliveries:read',
    tag: 'Events',
    summary: 'Read the data of an event alone, byte for byte',
    description:
      'The way to read data that are too large for the event itself: the `dataref` of a webhook leads here.',
    params: { id: { type: 'string', pattern: '^evt_[0-9a-f]{32}$', description: 'The id of the event.' } },
    responses: { 200: { description: 'The data.', schema: dataSchema } },
    problems: ['not-found', 'unavailable'],
    handle: async ({ params, principal, request, response }) => {
      const { bytes, body } = await dataOf(parts, eventId(params.id), tenantScopeOf(principal));
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': bytes,
        'x-content-type-options': 'nosniff',
        'cache-control': 'private, no-store',
      });
      // A reader that goes away ends the stream; the status is sent, so an error can only end it too.
      await pipeline(request.method === 'HEAD' ? [] : body, response).catch(() => response.destroy());
      return undefined;
    },
  });
