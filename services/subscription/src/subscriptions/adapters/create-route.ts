import { newSubscriptionId, subscriptionId as toSubscriptionId } from '@tidings/contracts';
import { etagOf, jsonBody, named, type Reply, type Route, route, traceparentOf } from '@tidings/http';
import { actorOf, reachOf } from '../../registry/adapters/call-parts.ts';
import { answerOnce, type OnceParts, type OnceRequest } from '../../registry/answer-once.ts';
import type { Actor } from '../../registry/domain/audit-entry.ts';
import type { KeptAnswer } from '../../registry/ports.ts';
import { type Created, type CreateParts, createSubscription } from '../create-subscription.ts';
import { bodySchemas, type CreateBody } from '../domain/request-body.ts';
import { type HealthParts, subscriptionReply } from './subscription-reply.ts';
import { createdSchema } from './subscription-schemas.ts';
import { subscriptionView } from './subscription-view.ts';

/** What creation works with. */
export type CreateRouteParts = CreateParts & OnceParts & HealthParts & Readonly<{ onReplay(): void }>;

const path = '/v1/webhooks/subscriptions';

/** POST /v1/webhooks/subscriptions. */
export const createRoute = (parts: CreateRouteParts): Route =>
  route({
    operationId: 'createSubscription',
    method: 'POST',
    path,
    access: 'subscriptions:write',
    tag: 'Subscriptions',
    summary: 'Create a subscription',
    description:
      'Its endpoint is asked first when `verify` says so. ' +
      'The answer holds the signing secret, which is shown nowhere else. With an `Idempotency-Key` a repeat within 24 ' +
      'hours gets the same answer and makes nothing new.',
    takes: ['Idempotency-Key'],
    body: jsonBody<CreateBody>({
      schema: named('NewSubscription', bodySchemas.create),
      example: { endpoint_url: 'https://partner.example/hooks', events: ['order.*'], consumer_id: 'acme' },
    }),
    answers: {
      201: {
        description: 'The subscription, with its secret.',
        schema: createdSchema,
        headers: ['ETag', 'Location', 'Idempotency-Replayed'],
      },
    },
    handle: async (call) =>
      create(parts, {
        key: call.idempotencyKey,
        reach: reachOf(call.principal),
        route: `POST ${path}`,
        body: call.body,
        newId: newSubscriptionId,
        by: actorOf(call),
        traceparent: traceparentOf(call.request),
      }),
  });

type CreateRequest = OnceRequest & Readonly<{ body: CreateBody; by: Actor; traceparent: string }>;

async function create(parts: CreateRouteParts, request: CreateRequest): Promise<Reply> {
  const { reach, body, by, traceparent } = request;
  const once = await answerOnce(parts, request, {
    run: async (id) => createSubscription(parts, { reach, body, id: toSubscriptionId(id), by, traceparent }),
    keep: keptAnswer,
  });
  if (!once.isReplay) {
    const { entity, propagated, shownSecret, warnings } = once.result;
    const headers = { location: `${path}/${entity.id}` };
    const more = { secret: shownSecret, warnings };
    return subscriptionReply(parts, { entity, propagated, more, status: 201, headers });
  }
  const { answer } = once;
  const subscriptionId = toSubscriptionId(once.entityId);
  const owner = { workspaceId: reach.workspaceId, subscriptionId };
  const secret = answer.sealedSecret === null ? null : parts.mint.open(answer.sealedSecret, owner);
  parts.onReplay();
  return {
    status: 201,
    body: { ...(JSON.parse(answer.bodyJson) as object), secret },
    headers: {
      location: `${path}/${subscriptionId}`,
      etag: etagOf(answer),
      'cache-control': 'no-store',
      'idempotency-replayed': 'true',
    },
  };
}

function keptAnswer({ entity: subscription, propagated, shownSecret, warnings }: Created): KeptAnswer {
  const view = subscriptionView(subscription, { propagated, health: undefined });
  return {
    bodyJson: JSON.stringify({ ...view, warnings }),
    version: subscription.version,
    sealedSecret: shownSecret === null ? null : (subscription.secrets[0]?.sealed ?? null),
  };
}
