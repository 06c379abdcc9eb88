import { type Authenticate, compileBody, rawBody, requireKey, sendList, traceparentOf } from '@tidings/http';
import { messageOf } from '@tidings/runtime';
import type { Express, Request, Response } from 'express';
import { answerOnce, type OnceParts, type OnceRequest } from '../../registry/answer-once.ts';
import type { Written } from '../../registry/write-version.ts';
import { type ChangeParts, changeSubscription } from '../change-subscription.ts';
import { type Created, type CreateParts, createSubscription } from '../create-subscription.ts';
import { deleteSubscription } from '../delete-subscription.ts';
import { disableSubscription } from '../disable-subscription.ts';
import {
  bodySchemas,
  type ChangeBody,
  type CreateBody,
  type DisableBody,
  type EnableBody,
  type RotateBody,
} from '../domain/request-body.ts';
import { enableSubscription } from '../enable-subscription.ts';
import type { HealthStore, KeptAnswer } from '../ports.ts';
import { listSubscriptions, readSubscription } from '../read-subscriptions.ts';
import { type RotateParts, rotateSecret } from '../rotate-secret.ts';
import { sendTest, type TestParts } from '../send-test.ts';
import {
  bodyOf,
  etagOf,
  idempotencyKeyOf,
  listRequestOf,
  optionalBody,
  reachOf,
  targetOf,
} from './request-parts.ts';
import { subscriptionView, testView } from './subscription-view.ts';

/** What the routes work with. */
export type RouteParts = CreateParts &
  ChangeParts &
  RotateParts &
  TestParts &
  OnceParts &
  Readonly<{
    authenticate: Authenticate;
    endpointHealth: Pick<HealthStore, 'find' | 'findMany'>;
    onReplay(): void;
  }>;

const path = '/v1/webhooks/subscriptions';
const maxBodyBytes = 64 * 1024;

const bodies = {
  create: compileBody<CreateBody>(bodySchemas.create),
  change: compileBody<ChangeBody>(bodySchemas.change),
  enable: compileBody<EnableBody>(bodySchemas.enable),
  disable: compileBody<DisableBody>(bodySchemas.disable),
  rotate: compileBody<RotateBody>(bodySchemas.rotate),
  nothing: compileBody<Readonly<Record<string, never>>>(bodySchemas.nothing),
};

type HealthParts = Pick<RouteParts, 'endpointHealth' | 'logger'>;

// What was asked for has been done by then: an answer without the figures is better than none, above all for a secret.
async function healthOf<T>({ logger }: HealthParts, read: () => Promise<T>): Promise<T | 'unknown'> {
  try {
    return await read();
  } catch (error) {
    logger.warn({ detail: messageOf(error) }, 'health.unknown');
    return 'unknown';
  }
}

type Answer = Written & Readonly<{ more?: object }>;

async function send(
  parts: HealthParts,
  response: Response,
  { subscription, propagated, more = {} }: Answer,
): Promise<void> {
  const found = await healthOf(parts, async () => parts.endpointHealth.find(subscription.id));
  const view = subscriptionView(subscription, { propagated, health: found ?? undefined });
  response
    .set('etag', etagOf(subscription))
    .set('cache-control', 'no-store')
    .json({ ...view, ...more });
}

/** The routes of `/v1/webhooks/subscriptions`. Everything is scoped by the key: what it cannot see does not exist. */
export function mountSubscriptionRoutes(app: Express, parts: RouteParts): void {
  mountReads(app, parts);
  mountWrites(app, parts);
  mountActions(app, parts);
}

function mountReads(app: Express, parts: RouteParts): void {
  const { authenticate, store, endpointHealth } = parts;
  const mayRead = requireKey(authenticate, 'subscriptions:read');
  app.get(path, mayRead, async (request, response) => {
    const { filters, place, cursorAfter } = listRequestOf(request);
    const { items, nextAfterId } = await listSubscriptions(store, reachOf(request), { filters, place });
    const found = await healthOf(parts, async () => endpointHealth.findMany(items.map(({ id }) => id)));
    const data = items.map((one) => {
      const health = found === 'unknown' ? found : found.get(one.id);
      return subscriptionView(one, { propagated: !one.isUnpublished, health });
    });
    sendList(request, response, { data, nextCursor: cursorAfter(nextAfterId) });
  });
  app.get(`${path}/:id`, mayRead, async (request: Request, response) => {
    const { reach, id } = targetOf(request);
    const subscription = await readSubscription(store, reach, id);
    await send(parts, response, { subscription, propagated: !subscription.isUnpublished });
  });
}

function mountWrites(app: Express, parts: RouteParts): void {
  const mayWrite = requireKey(parts.authenticate, 'subscriptions:write');
  app.post(
    path,
    mayWrite,
    rawBody({ maxBytes: maxBodyBytes, types: ['application/json'] }),
    async (request, response) => {
      const body = bodyOf(request, bodies.create);
      const once = { key: idempotencyKeyOf(request), reach: reachOf(request), route: `POST ${path}`, body };
      await create(parts, once, response);
    },
  );
  app.patch(
    `${path}/:id`,
    mayWrite,
    rawBody({ maxBytes: maxBodyBytes, types: ['application/json', 'application/merge-patch+json'] }),
    async (request: Request, response) => {
      const body = bodyOf(request, bodies.change);
      await send(parts, response, await changeSubscription(parts, targetOf(request), body));
    },
  );
  app.delete(`${path}/:id`, mayWrite, async (request: Request, response) => {
    const { subscription, propagated } = await deleteSubscription(parts, targetOf(request));
    const { id, state, version } = subscription;
    response.json({ id, state, version, propagated });
  });
}

function mountActions(app: Express, parts: RouteParts): void {
  const mayWrite = requireKey(parts.authenticate, 'subscriptions:write');
  const body = rawBody({ maxBytes: maxBodyBytes });
  app.post(`${path}/:id/enable`, mayWrite, body, async (request: Request, response) => {
    const given = optionalBody(request, bodies.enable, {});
    await send(parts, response, await enableSubscription(parts, targetOf(request), given));
  });
  app.post(`${path}/:id/disable`, mayWrite, body, async (request: Request, response) => {
    const given = optionalBody(request, bodies.disable, {});
    await send(parts, response, await disableSubscription(parts, targetOf(request), given));
  });
  app.post(`${path}/:id/rotate-secret`, mayWrite, body, async (request: Request, response) => {
    const given = optionalBody(request, bodies.rotate, {});
    const rotated = await rotateSecret(parts, targetOf(request), given);
    await send(parts, response, { ...rotated, more: { secret: rotated.shownSecret } });
  });
  app.post(`${path}/:id/test`, mayWrite, body, async (request: Request, response) => {
    optionalBody(request, bodies.nothing, {});
    const { reach, id } = targetOf(request);
    const tested = await sendTest(parts, { reach, id, traceparent: traceparentOf(request) });
    response.set('cache-control', 'no-store').json(testView(tested));
  });
}

async function create(
  parts: RouteParts,
  request: OnceRequest & Readonly<{ body: CreateBody }>,
  response: Response,
): Promise<void> {
  const { reach, body } = request;
  const once = await answerOnce(parts, request, {
    run: async (id) => createSubscription(parts, { reach, body, id }),
    keep: keptAnswer,
  });
  response.status(201);
  if (!once.isReplay) {
    const { subscription, propagated, shownSecret } = once.result;
    response.location(`${path}/${subscription.id}`);
    await send(parts, response, { subscription, propagated, more: { secret: shownSecret } });
    return;
  }
  const { answer, subscriptionId } = once;
  const owner = { workspaceId: reach.workspaceId, subscriptionId };
  const secret = answer.sealedSecret === null ? null : parts.mint.open(answer.sealedSecret, owner);
  parts.onReplay();
  response
    .location(`${path}/${subscriptionId}`)
    .set({ etag: etagOf(answer), 'cache-control': 'no-store', 'idempotency-replayed': 'true' })
    .json({ ...(JSON.parse(answer.bodyJson) as object), secret });
}

function keptAnswer({ subscription, propagated, shownSecret }: Created): KeptAnswer {
  return {
    bodyJson: JSON.stringify(subscriptionView(subscription, { propagated, health: undefined })),
    version: subscription.version,
    sealedSecret: shownSecret === null ? null : (subscription.secrets[0]?.sealed ?? null),
  };
}
