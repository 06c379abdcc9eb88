import { newSubscriptionId, subscriptionId as toSubscriptionId } from '@tidings/contracts';
import { jsonBody, named, type Route, route, traceparentOf } from '@tidings/http';
import { actorOf, scopeOf } from '../../registry/adapters/call-scope.ts';
import { type CreateParts, createSubscription } from '../create-subscription.ts';
import { bodySchemas, type CreateBody } from '../domain/request-body.ts';
import { Headroom } from '../headroom.ts';
import { type HealthParts, subscriptionReply } from './subscription-reply.ts';
import { createdSchema } from './subscription-schemas.ts';

/** Dependencies of the create route. */
export type CreateRouteParts = Omit<CreateParts, 'headroom'> & HealthParts;

const path = '/v1/webhooks/subscriptions';

/** POST /v1/webhooks/subscriptions. */
export const createRoute = (parts: CreateRouteParts): Route => {
  const createParts = { ...parts, headroom: new Headroom(parts.clock) };
  return route({
    operationId: 'createSubscription',
    method: 'POST',
    path,
    access: 'subscriptions:write',
    tag: 'Subscriptions',
    summary: 'Create a subscription',
    description:
      'With `verify`, the endpoint is verified first. ' +
      'The response contains the signing secret, which is not shown again.',
    newId: newSubscriptionId,
    body: jsonBody<CreateBody>({
      schema: named('NewSubscription', bodySchemas.create),
      example: { endpoint_url: 'https://partner.example/hooks', events: ['order.*'], consumer_id: 'acme' },
    }),
    responses: {
      201: {
        description: 'The subscription, with its secret.',
        schema: createdSchema,
        headers: ['ETag', 'Location'],
      },
    },
    handle: async (call) => {
      const id = toSubscriptionId(call.run.id);
      const { entity, propagated, shownSecret, warnings } = await createSubscription(createParts, {
        scope: scopeOf(call.principal),
        body: call.body,
        id,
        by: actorOf(call),
        traceparent: traceparentOf(call.request),
      });
      const headers = { location: `${path}/${id}` };
      const more = { secret: shownSecret, warnings };
      return subscriptionReply(parts, { entity, propagated, more, status: 201, headers });
    },
  });
};
