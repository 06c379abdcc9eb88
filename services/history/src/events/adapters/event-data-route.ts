import type { Readable } from 'node:stream';
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
  storage: Pick<ObjectStorage, 'get' | 'head'>;
}>;

const noData = (id: string, reason: string): AppError =>
  new AppError({ code: 'not-found', message: `The data of event '${id}' ${reason}.` });

const storedData = async (
  { storage }: EventDataParts,
  owner: Parameters<typeof largeDataKey>[0],
  isHead: boolean,
): Promise<Data> => {
  const key = largeDataKey(owner);
  const found = isHead ? { object: await storage.head(key), body: [] } : await storage.get(key);
  if (found === null || found.object === null)
    throw noData(owner.eventId, 'are not in the object storage any more');
  return { bytes: found.object.bytes, body: found.body };
};

const dataOf = async (
  parts: EventDataParts,
  [id, scope]: Parameters<EventStore['find']>,
  isHead: boolean,
): Promise<Data> => {
  const event = await parts.store.find(id, scope);
  // An event outside the key's scope is indistinguishable from one that does not exist.
  if (event === null) throw new AppError({ code: 'not-found', message: `There is no event '${id}'.` });
  if (event.isErased === true) throw noData(id, 'are erased');
  const { workspaceId, dataSha256 } = event;
  // The log may have lost the event: a reference to its data lasts for as long as they do.
  if (dataSha256 !== undefined)
    return storedData(parts, { workspaceId, eventId: id, sha256: dataSha256 }, isHead);
  const logged = await parts.log.read(event);
  if (logged === null) throw noData(id, 'have expired');
  const { data, large } = logged;
  if (large === undefined) return { bytes: data.length, body: isHead ? [] : [data] };
  return storedData(parts, { workspaceId, eventId: id, sha256: large.sha256 }, isHead);
};

type Data = Readonly<{ bytes: number; body: Iterable<Buffer> | Readable }>;

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
      const isHead = request.method === 'HEAD';
      const { bytes, body } = await dataOf(parts, [eventId(params.id), tenantScopeOf(principal)], isHead);
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': bytes,
        'x-content-type-options': 'nosniff',
        'cache-control': 'private, no-store',
      });
      // A reader that goes away ends the stream; the status is sent, so an error can only end it too.
      await pipeline(body, response).catch(() => response.destroy());
      return undefined;
    },
  });
