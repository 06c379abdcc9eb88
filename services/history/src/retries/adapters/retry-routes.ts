import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { deliveryId, eventId, subscriptionId, topics } from '@tidings/contracts';
import { jsonBody, type Principal, type Route, route, traceparentOf } from '@tidings/http';
import { CreatedMessages } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import type { Delivery } from '../../deliveries/domain/delivery.ts';
import type { DeliveryStore } from '../../deliveries/ports.ts';
import { retryDelivery } from '../retry-delivery.ts';
import { maxRetriedOfEvent, type RetryEventParts, refuseUnknownEvent, retryEvent } from '../retry-event.ts';
import {
  retriedEventSchema,
  retriedEventView,
  retriedSchema,
  retriedView,
  retryEventBody,
} from './retry-schemas.ts';

/** The dependencies of the routes. */
export type RetryRouteParts = RetryEventParts & Readonly<{ deliveries: Pick<DeliveryStore, 'find'> }>;

const tag = 'Deliveries';
const newId = (): string => `rty_${randomUUID().replaceAll('-', '')}`;

/** Returns the messages of a request. They are few: whoever has the request recorded sees what becomes of each. */
const messagesOf = (request: IncomingMessage): CreatedMessages =>
  new CreatedMessages({ topic: topics.deliveries.name, parent: traceparentOf(request), records: 'all' });

const find = async ({ deliveries }: RetryRouteParts, id: string, principal: Principal): Promise<Delivery> => {
  const delivery = await deliveries.find(deliveryId(id), tenantScopeOf(principal));
  // A delivery outside the key's scope is indistinguishable from one that does not exist.
  if (delivery === null) throw new AppError({ code: 'not-found', message: `There is no delivery '${id}'.` });
  return delivery;
};

const retryDeliveryRoute = (parts: RetryRouteParts): Route =>
  route({
    operationId: 'retryDelivery',
    method: 'POST',
    path: '/v1/webhooks/deliveries/{id}/retry',
    access: 'deliveries:write',
    tag,
    summary: 'Send a delivery again',
    description:
      'Sends the same body with the same `webhook-id`, at once, whatever the state of the endpoint’s circuit breaker, and then by the retry schedule. A delivery that waits for its next attempt is sent now instead. One that has succeeded is sent again. The response shows the delivery as it was before; its attempts in the new chain have the trigger `manual`. 409: it is in flight, a job holds its dead letter, it waits behind the head of an ordered queue, or its subscription is disabled or deleted. 422: the data is erased, or the log no longer has the event and no dead letter has the body.',
    params: { id: { type: 'string', pattern: '^dlv_[0-9a-f]{32}$', description: 'The id of the delivery.' } },
    newId,
    responses: { 202: { description: 'The delivery, and its new chain.', schema: retriedSchema } },
    problems: ['conflict', 'unprocessable'],
    find: async ({ params: { id }, principal }) => find(parts, id, principal),
    handle: async ({ params: { id }, principal, run, request }) => {
      const delivery = await find(parts, id, principal);
      const messages = messagesOf(request);
      const origin = { runId: run.id, by: principal.keyId, messages };
      const retried = await messages.during(async () => retryDelivery(parts, delivery, origin));
      return { status: 202, body: retriedView(retried, parts.clock.nowMs()) };
    },
  });

const retryEventRoute = (parts: RetryRouteParts): Route =>
  route({
    operationId: 'retryEvent',
    method: 'POST',
    path: '/v1/webhooks/events/{id}/retry',
    access: 'deliveries:write',
    tag,
    summary: 'Send the deliveries of an event again',
    description: `Retries each known delivery of the event, or those to \`subscription_ids\`, as a retry of the delivery does; at most ${maxRetriedOfEvent}. Those that cannot be retried now are in \`refused\`, and do not prevent the others. The event is not matched again: a subscription without a delivery of it gets none. 409: all were refused.`,
    params: { id: { type: 'string', pattern: '^evt_[0-9a-f]{32}$', description: 'The id of the event.' } },
    body: jsonBody<Readonly<{ subscription_ids?: readonly string[] }>>({
      schema: retryEventBody,
      ifEmpty: {},
    }),
    newId,
    responses: { 202: { description: 'The deliveries that were retried.', schema: retriedEventSchema } },
    problems: ['conflict'],
    find: async ({ params: { id }, principal }) =>
      refuseUnknownEvent(parts, eventId(id), tenantScopeOf(principal)),
    handle: async ({ params: { id }, principal, body, run, request }) => {
      const messages = messagesOf(request);
      const order = {
        scope: tenantScopeOf(principal),
        eventId: eventId(id),
        subscriptionIds: body.subscription_ids?.map(subscriptionId) ?? null,
        ...{ runId: run.id, by: principal.keyId, messages },
      };
      const result = await messages.during(async () => retryEvent(parts, order));
      const [first] = result.refused;
      if (result.retried.length === 0 && first !== undefined) {
        const more = result.refused.length > 1 ? ` (and ${result.refused.length - 1} more were refused)` : '';
        throw new AppError({ code: 'conflict', message: `${first.detail}${more}` });
      }
      return { status: 202, body: retriedEventView(id, result, parts.clock.nowMs()) };
    },
  });

/** Declares the routes that send deliveries again. */
export const retryRoutes = (parts: RetryRouteParts): Route[] => [
  retryDeliveryRoute(parts),
  retryEventRoute(parts),
];
