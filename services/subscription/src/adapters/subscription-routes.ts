import { type Authenticate, compileBody, rawBody, requireKey, sendList, traceparentOf } from '@tidings/http';
import type { Express, Request, Response } from 'express';
import { answerOnce, type OnceParts, type OnceRequest } from '../answer-once.ts';
import { type ChangeParts, changeSubscription } from '../change-subscription.ts';
import { type Created, type CreateParts, createSubscription } from '../create-subscription.ts';
import { deleteSubscription } from '../delete-subscription.ts';
import { disableSubscription } from '../disable-subscription.ts';
import {
  bodySchemas,
  type ChangeBody,
  type CreateBody,
  type DisableBody,
  type RotateBody,
} from '../domain/request-body.ts';
import { enableSubscription } from '../enable-subscription.ts';
import type { KeptAnswer } from '../ports.ts';
import { listSubscriptions, readSubscription } from '../read-subscriptions.ts';
import { type RotateParts, rotateSecret } from '../rotate-secret.ts';
import { sendTest, type TestParts } from '../send-test.ts';
import type { Written } from '../write-version.ts';
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
  Readonly<{ authenticate: Authenticate; onReplay(): void }>;

const path = '/v1/webhooks/subscriptions';
const maxBodyBytes = 64 * 1024;

const bodies = {
  create: compileBody<CreateBody>(bodySchemas.create),
  change: compileBody<ChangeBody>(bodySchemas.change),
  disable: compileBody<DisableBody>(bodySchemas.disable),
  rotate: compileBody<RotateBody>(bodySchemas.rotate),
  nothing: compileBody<Readonly<Record<string, never>>>(bodySchemas.nothing),
};

function send(response: Response, { subscription, propagated }: Written, more: object = {}): void {
  response
    .set('etag', etagOf(subscription))
    .set('cache-control', 'no-store')
    .json({ ...subscriptionView(subscription, propagated), ...more });
}

/** The routes of `/v1/webhooks/subscriptions`. Everything is scoped by the key: what it cannot see does not exist. */
export function mountSubscriptionRoutes(app: Express, parts: RouteParts): void {
  mountReads(app, parts);
  mountWrites(app, parts);
  mountActions(app, parts);
}

function mountReads(app: Express, { authenticate, store }: RouteParts): void {
  const mayRead = requireKey(authenticate, 'subscriptions:read');
  app.get(path, mayRead, async (request, response) => {
    const { filters, place, cursorAfter } = listRequestOf(request);
    const { items, nextAfterId } = await listSubscriptions(store, reachOf(request), { filters, place });
    const data = items.map((one) => subscriptionView(one, !one.isUnpublished));
    sendList(request, response, { data, nextCursor: cursorAfter(nextAfterId) });
  });
  app.get(`${path}/:id`, mayRead, async (request: Request, response) => {
    const { reach, id } = targetOf(request);
    const subscription = await readSubscription(store, reach, id);
    send(response, { subscription, propagated: !subscription.isUnpublished });
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
      send(response, await changeSubscription(parts, targetOf(request), bodyOf(request, bodies.change)));
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
    optionalBody(request, bodies.nothing, {});
    send(response, await enableSubscription(parts, targetOf(request)));
  });
  app.post(`${path}/:id/disable`, mayWrite, body, async (request: Request, response) => {
    const given = optionalBody(request, bodies.disable, {});
    send(response, await disableSubscription(parts, targetOf(request), given));
  });
  app.post(`${path}/:id/rotate-secret`, mayWrite, body, async (request: Request, response) => {
    const given = optionalBody(request, bodies.rotate, {});
    const rotated = await rotateSecret(parts, targetOf(request), given);
    send(response, rotated, { secret: rotated.shownSecret });
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
    send(response, { subscription, propagated }, { secret: shownSecret });
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
    bodyJson: JSON.stringify(subscriptionView(subscription, propagated)),
    version: subscription.version,
    sealedSecret: shownSecret === null ? null : (subscription.secrets[0]?.sealed ?? null),
  };
}
