import { eventId, newEventId, subscriptionId } from '@tidings/contracts';
import { jsonBody, named, type Route, route, traceparentOf } from '@tidings/http';
import { scopeOf, targetOf } from '../../registry/adapters/call-scope.ts';
import { findTarget, type WriteParts } from '../../registry/write-version.ts';
import { disableSubscription, enableSubscription } from '../change-state.ts';
import { bodySchemas, type DisableBody, type EnableBody, type RotateBody } from '../domain/request-body.ts';
import type { Subscription } from '../domain/subscription.ts';
import { type RotateParts, rotateSecret } from '../rotate-secret.ts';
import { newSecretId } from '../secret-factory.ts';
import { sendTestDelivery, type TestParts } from '../send-test-delivery.ts';
import { subscriptionParams } from './list-request.ts';
import { type HealthParts, subscriptionReply } from './subscription-reply.ts';
import { subscriptionSchema, subscriptionWithSecretSchema, testSchema } from './subscription-schemas.ts';
import { testView } from './subscription-view.ts';

/** Dependencies of the action routes. */
export type ActionParts = WriteParts<Subscription> & RotateParts & TestParts & HealthParts;

const path = '/v1/webhooks/subscriptions/{id}';

const nothing = jsonBody<Readonly<Record<string, never>>>({
  schema: named('NoFields', bodySchemas.nothing),
  ifEmpty: {},
});

/** POST …/enable, …/disable, …/rotate-secret and …/test. */
export const actionRoutes = (parts: ActionParts): Route[] => [
  enableRoute(parts),
  disableRoute(parts),
  rotateRoute(parts),
  testRoute(parts),
];

const action = {
  method: 'POST',
  access: 'subscriptions:write',
  tag: 'Subscriptions',
  params: subscriptionParams,
  takes: ['If-Match'],
} as const;

const enableRoute = (parts: ActionParts): Route =>
  route({
    ...action,
    operationId: 'enableSubscription',
    path: `${path}/enable`,
    summary: 'Enable a subscription',
    description: 'Earlier failures no longer count for endpoint health.',
    body: jsonBody<EnableBody>({
      schema: named('EnableSubscription', bodySchemas.enable, { waiting: 'redrive' }),
      ifEmpty: {},
    }),
    responses: { 200: { description: 'The new version.', schema: subscriptionSchema, headers: ['ETag'] } },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) =>
      subscriptionReply(parts, await enableSubscription(parts, targetOf(call), call.body)),
  });

const disableRoute = (parts: ActionParts): Route =>
  route({
    ...action,
    operationId: 'disableSubscription',
    path: `${path}/disable`,
    summary: 'Disable a subscription',
    body: jsonBody<DisableBody>({
      schema: named('DisableSubscription', bodySchemas.disable, { reason: 'endpoint is being moved' }),
      ifEmpty: {},
    }),
    responses: { 200: { description: 'The new version.', schema: subscriptionSchema, headers: ['ETag'] } },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) =>
      subscriptionReply(parts, await disableSubscription(parts, targetOf(call), call.body)),
  });

const rotateRoute = (parts: ActionParts): Route =>
  route({
    ...action,
    operationId: 'rotateSecret',
    path: `${path}/rotate-secret`,
    summary: 'Rotate the signing secret of a subscription',
    description:
      'The old secrets sign beside the new one for the overlap. The response contains the new one, which is not shown again.',
    newId: newSecretId,
    body: jsonBody<RotateBody>({
      schema: named('RotateSecret', bodySchemas.rotate, { overlap_seconds: 600 }),
      ifEmpty: {},
    }),
    responses: {
      200: {
        description: 'The new version, with the new secret.',
        schema: subscriptionWithSecretSchema,
        headers: ['ETag'],
      },
    },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) => {
      const rotated = await rotateSecret(parts, targetOf(call), call.body);
      return subscriptionReply(parts, { ...rotated, more: { secret: rotated.shownSecret } });
    },
  });

const testRoute = (parts: ActionParts): Route =>
  route({
    ...action,
    takes: [],
    newId: newEventId,
    operationId: 'testSubscription',
    path: `${path}/test`,
    summary: 'Send a test and return its result',
    body: nothing,
    responses: { 200: { description: 'The response of the endpoint.', schema: testSchema } },
    find: async (call) => findTarget(parts, targetOf(call)),
    handle: async (call) => {
      const tested = await sendTestDelivery(parts, {
        scope: scopeOf(call.principal),
        id: subscriptionId(call.params.id),
        eventId: eventId(call.run.id),
        traceparent: traceparentOf(call.request),
      });
      return { status: 200, body: testView(tested), headers: { 'cache-control': 'no-store' } };
    },
  });
