import { subscriptionId } from '@tidings/contracts';
import { named, pageReply, patchBody, type Route, route, traceparentOf } from '@tidings/http';
import { scopeOf, targetOf } from '../../registry/adapters/call-scope.ts';
import { findTarget } from '../../registry/write-version.ts';
import { deleteSubscription } from '../change-state.ts';
import { type ChangeParts, changeSubscription } from '../change-subscription.ts';
import { bodySchemas, type ChangeBody } from '../domain/request-body.ts';
import { listSubscriptions, readSubscription } from '../read-subscriptions.ts';
import { type ActionParts, actionRoutes } from './action-routes.ts';
import { type CreateRouteParts, createRoute } from './create-route.ts';
import { listQuery, listRequestOf, subscriptionParams } from './list-request.ts';
import { healthOf, subscriptionReply } from './subscription-reply.ts';
import { changedSchema, deletedSchema, listSchema, subscriptionSchema } from './subscription-schemas.ts';
import { subscriptionView } from './subscription-view.ts';

/** Dependencies of the routes. */
export type RouteParts = CreateRouteParts & ChangeParts & ActionParts;

const path = '/v1/webhooks/subscriptions';
const one = `${path}/{id}` as const;
const tag = 'Subscriptions';

/**
 * The routes of `/v1/webhooks/subscriptions`. The API key's scope limits every route: subscriptions outside it are not
 * found.
 */
export const subscriptionRoutes = (parts: RouteParts): Route[] => [
  listRoute(parts),
  createRoute(parts),
  readRoute(parts),
  changeRoute(parts),
  deleteRoute(parts),
  ...actionRoutes(parts),
];

const listRoute = (parts: RouteParts): Route =>
  route({
    operationId: 'listSubscriptions',
    method: 'GET',
    path,
    access: 'subscriptions:read',
    tag,
    summary: 'List subscriptions, newest first',
    query: listQuery,
    responses: { 200: { description: 'A page.', schema: listSchema, headers: ['Link'] } },
    handle: async ({ principal, query, request }) => {
      const { filters, position, cursorAfter } = listRequestOf(principal, query);
      const { items, nextAfterId } = await listSubscriptions(parts.store, scopeOf(principal), {
        filters,
        position,
      });
      const health = await healthOf(parts, items);
      const data = items.map((item) =>
        subscriptionView(item, { propagated: !item.isUnpublished, health: health(item) }),
      );
      return pageReply(request, { data, nextCursor: cursorAfter(nextAfterId) });
    },
  });

const readRoute = (parts: RouteParts): Route =>
  route({
    operationId: 'getSubscription',
    method: 'GET',
    path: one,
    access: 'subscriptions:read',
    tag,
    summary: 'Read a subscription',
    params: subscriptionParams,
    responses: { 200: { description: 'The subscription.', schema: subscriptionSchema, headers: ['ETag'] } },
    handle: async (call) => {
      const id = subscriptionId(call.params.id);
      const entity = await readSubscription(parts.store, scopeOf(call.principal), id);
      return subscriptionReply(parts, { entity, propagated: !entity.isUnpublished });
    },
  });

const changeRoute = (parts: RouteParts): Route =>
  route({
    operationId: 'changeSubscription',
    method: 'PATCH',
    path: one,
    access: 'subscriptions:write',
    tag,
    summary: 'Change a subscription',
    description:
      'The body is merged into the subscription (RFC 7396): objects (`headers`, `secret_headers`, `filters`, `rate_limit`, ' +
      '`tls`) member by member, where null removes a member; arrays and all other values are replaced.',
    params: subscriptionParams,
    takes: ['If-Match'],
    body: patchBody<ChangeBody>({
      schema: named('SubscriptionChange', bodySchemas.change),
      example: { events: ['order.paid'] },
    }),
    responses: { 200: { description: 'The new version.', schema: changedSchema, headers: ['ETag'] } },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) => {
      const target = { ...targetOf(call), traceparent: traceparentOf(call.request) };
      const { warnings, ...written } = await changeSubscription(parts, target, call.body);
      return subscriptionReply(parts, { ...written, more: { warnings } });
    },
  });

const deleteRoute = (parts: RouteParts): Route =>
  route({
    operationId: 'deleteSubscription',
    method: 'DELETE',
    path: one,
    access: 'subscriptions:write',
    tag,
    summary: 'Delete a subscription',
    description: 'No more requests are sent to the endpoint; waiting deliveries are dropped.',
    params: subscriptionParams,
    takes: ['If-Match'],
    responses: { 200: { description: 'The subscription is deleted.', schema: deletedSchema } },
    handle: async (call) => {
      const { entity, propagated } = await deleteSubscription(parts, targetOf(call));
      const { id, state, version } = entity;
      return { status: 200, body: { id, state, version, propagated } };
    },
  });
