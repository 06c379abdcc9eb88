import type { IncomingMessage } from 'node:http';
import { deliveryId, subscriptionId } from '@tidings/contracts';
import { type Principal, pageReply, type Reply, type Route, route } from '@tidings/http';
import { AppError, type Clock } from '@tidings/runtime';
import { withScannedTo } from '../../adapters/scanned-page.ts';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { SearchTurns } from '../../search-turns.ts';
import { listDeliveries } from '../list-deliveries.ts';
import type { DeliveryStore } from '../ports.ts';
import { type ListQuery, listQuery, readDeliveryQuery, subscriptionListQuery } from './delivery-query.ts';
import { deliverySchema, listSchema } from './delivery-schemas.ts';
import { deliveryView, summaryView } from './delivery-view.ts';
import type { SubscriptionOwners } from './subscription-owners.ts';

/** The dependencies of the routes. */
export type DeliveryParts = Readonly<{
  store: Pick<DeliveryStore, 'find' | 'list' | 'step'>;
  clock: Pick<Clock, 'monotonicMs' | 'nowMs'>;
  owners: Pick<SubscriptionOwners, 'isWithin'>;
}>;

type ListParts = Pick<DeliveryParts, 'store' | 'clock'> & Readonly<{ turns: SearchTurns }>;
type ListCall = Readonly<{ query: ListQuery; principal: Principal; request: IncomingMessage }>;

const path = '/v1/webhooks/deliveries';
const page = { 200: { description: 'A page.', schema: listSchema, headers: ['Link'] } } as const;

const replyWithPage = async (parts: ListParts, call: ListCall): Promise<Reply> => {
  const query = readDeliveryQuery(call.query, call.principal);
  const { deliveries, next, scannedToMs } = await listDeliveries(parts, query.filters, query);
  const nextCursor = next === null ? null : query.cursorAt(next);
  const nowMs = parts.clock.nowMs();
  const data = deliveries.map((one) => summaryView(one, nowMs));
  return withScannedTo(pageReply(call.request, { data, nextCursor }), scannedToMs);
};

const listOfSubscription = ({ store, clock, owners, turns }: DeliveryParts & ListParts): Route =>
  route({
    operationId: 'listSubscriptionDeliveries',
    method: 'GET',
    path: '/v1/webhooks/subscriptions/{id}/deliveries',
    access: 'deliveries:read',
    tag: 'Deliveries',
    summary: 'List the deliveries of a subscription, newest first',
    params: {
      id: {
        type: 'string',
        pattern: '^sub_[0-9A-Za-z]{1,64}$',
        description: 'The id of the subscription.',
      },
    },
    query: subscriptionListQuery,
    responses: page,
    handle: async ({ params, query, principal, request }) => {
      const scope = tenantScopeOf(principal);
      const id = subscriptionId(params.id);
      // A deleted subscription leaves its deliveries until their retention has passed.
      const exists =
        owners.isWithin(id, scope) ||
        (await store.list({ ...scope, subscriptionId: id }, { limit: 1, after: null })).length > 0;
      if (!exists) {
        throw new AppError({ code: 'not-found', message: `There is no subscription '${params.id}'.` });
      }
      return replyWithPage(
        { store, clock, turns },
        { query: { ...query, subscription_id: id }, principal, request },
      );
    },
  });

const listRoute = (parts: ListParts): Route =>
  route({
    operationId: 'listDeliveries',
    method: 'GET',
    path,
    access: 'deliveries:read',
    tag: 'Deliveries',
    summary: 'List deliveries, newest first',
    query: listQuery,
    responses: page,
    handle: async (call) => replyWithPage(parts, call),
  });

const singleRoute = ({ store, clock }: Pick<DeliveryParts, 'store' | 'clock'>): Route =>
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
      return { status: 200, body: deliveryView(delivery, clock.nowMs()) };
    },
  });

/** Declares the routes for the lists of deliveries and the single delivery with its attempts. */
export const deliveryRoutes = (parts: DeliveryParts): Route[] => {
  const turns = new SearchTurns(parts.clock);
  return [listRoute({ ...parts, turns }), listOfSubscription({ ...parts, turns }), singleRoute(parts)];
};
