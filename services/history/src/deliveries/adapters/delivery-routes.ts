import { deliveryId } from '@tidings/contracts';
import { pageReply, type Route, route } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { listDeliveries } from '../list-deliveries.ts';
import type { DeliveryStore } from '../ports.ts';
import { listQuery, readDeliveryQuery } from './delivery-query.ts';
import { deliverySchema, listSchema } from './delivery-schemas.ts';
import { deliveryView, summaryView } from './delivery-view.ts';

/** The dependencies of the routes. */
export type DeliveryParts = Readonly<{ store: Pick<DeliveryStore, 'find' | 'list'> }>;

const path = '/v1/webhooks/deliveries';

/** Declares the routes for the list of deliveries and the single delivery with its attempts. */
export const deliveryRoutes = ({ store }: DeliveryParts): Route[] => [
  route({
    operationId: 'listDeliveries',
    method: 'GET',
    path,
    access: 'deliveries:read',
    tag: 'Deliveries',
    summary: 'List deliveries, newest first',
    query: listQuery,
    responses: { 200: { description: 'A page.', schema: listSchema, headers: ['Link'] } },
    handle: async (call) => {
      const query = readDeliveryQuery(call.query, call.principal);
      const { deliveries, next } = await listDeliveries(store, query.filters, query);
      const nextCursor = next === null ? null : query.cursorAt(next);
      return pageReply(call.request, { data: deliveries.map(summaryView), nextCursor });
    },
  }),
  route({
    operationId: 'getDelivery',
    method: 'GET',
    path: `${path}/{id}`,
    access: 'deliveries:read',
    tag: 'Deliveries',
    summary: 'Read a delivery with its attempts',
    params: { id: { type: 'string', pattern: '^dlv_[0-9a-f]{32}$', description: 'The id of the delivery.' } },
    responses: { 200: { description: 'The delivery.', schema: deliverySchema } },
    handle: async ({ params, principal }) => {
      const { id } = params;
      const delivery = await store.find(deliveryId(id), tenantScopeOf(principal));
      // A delivery outside the key's scope is indistinguishable from one that does not exist.
      if (delivery === null) {
        throw new AppError({ code: 'not-found', message: `There is no delivery '${id}'.` });
      }
      return { status: 200, body: deliveryView(delivery) };
    },
  }),
];
