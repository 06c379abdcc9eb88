import {
  type AccessScope,
  accessScopes,
  consumerId,
  consumerScopes,
  type WorkspaceId,
  workspaceId,
} from '@tidings/contracts';
import {
  jsonBody,
  type PageQuery,
  type Principal,
  pageParameters,
  pageReply,
  pageSchema,
  queryOf,
  type Route,
  route,
} from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { actorOf, reachOf, targetOf } from '../../registry/adapters/call-parts.ts';
import { cursorPlace } from '../../registry/adapters/cursor-place.ts';
import { notFound, writeVersion } from '../../registry/write-version.ts';
import { revoked } from '../domain/api-key.ts';
import { type GrantParts, grantKey } from '../grant-key.ts';
import { issueToken, type TokenParts } from '../issue-token.ts';
import { keySchema, keyView, newKeySchema, tokenSchema } from './key-views.ts';

const path = '/v1/webhooks/api-keys';
const params = {
  id: { type: 'string', minLength: 1, maxLength: 128, description: 'The id of the key.' },
} as const;

type KeyBody = Readonly<{
  name?: string | null;
  /** Another workspace, for keys of the platform. */
  workspace_id?: string;
  scopes: readonly AccessScope[];
  consumer_id?: string | null;
  expires_in_seconds?: number | null;
  requests_per_second?: number | null;
}>;

const keyBody = {
  type: 'object',
  properties: {
    name: { type: ['string', 'null'], minLength: 1, maxLength: 200 },
    workspace_id: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
    scopes: { type: 'array', items: { enum: accessScopes }, minItems: 1, uniqueItems: true },
    consumer_id: { type: ['string', 'null'], minLength: 1, maxLength: 128 },
    expires_in_seconds: { type: ['integer', 'null'], minimum: 60, maximum: 315_360_000 },
    requests_per_second: { type: ['number', 'null'], exclusiveMinimum: 0, maximum: 100_000 },
  },
  required: ['scopes'],
  additionalProperties: false,
};

/** The workspace that a key is made in. Only the platform is told whether another one exists. */
async function workspaceFor(
  { workspaces }: GrantParts,
  { workspaceId: own, scopes: held }: Principal,
  { workspace_id: asked = own }: KeyBody,
): Promise<WorkspaceId> {
  const refuse = (detail: string): never => {
    throw new AppError({
      code: 'unprocessable',
      message: `workspace_id ${detail}.`,
      details: [{ pointer: '/workspace_id', detail }],
    });
  };
  if (asked !== own && !held.has('platform')) return refuse('must be that of the key, or left out');
  if ((await workspaces.store.findAnywhere(asked)) === null) return refuse('names no workspace');
  return workspaceId(asked);
}

const keyTtl = (seconds: number | null | undefined, nowMs: number): number | null =>
  seconds == null ? null : nowMs + seconds * 1_000;

/** The routes of `/v1/webhooks/api-keys`. */
export const keyRoutes = (parts: GrantParts): Route[] => [
  createRoute(parts),
  listRoute(parts),
  readRoute(parts),
  revokeRoute(parts),
];

const createRoute = (parts: GrantParts): Route =>
  route({
    operationId: 'createApiKey',
    method: 'POST',
    path,
    access: 'admin',
    tag: 'API keys',
    summary: 'Make an API key',
    description:
      'The answer holds the key, which is shown nowhere else. It can hold no scope that the key in use does not hold, ' +
      'and belongs to the same workspace, unless a key with `platform` names another by `workspace_id`.',
    body: jsonBody<KeyBody>({ schema: keyBody }),
    answers: { 201: { description: 'The key.', schema: newKeySchema, headers: ['Location'] } },
    handle: async (call) => {
      const { principal, body } = call;
      const own = principal.consumerId ?? body.consumer_id ?? null;
      const { entity, propagated, key } = await grantKey(parts, {
        workspaceId: await workspaceFor(parts, principal, body),
        held: principal.scopes,
        by: actorOf(call),
        grant: {
          name: body.name ?? null,
          consumerId: own === null ? null : consumerId(own),
          scopes: body.scopes,
          expiresAtMs: keyTtl(body.expires_in_seconds, parts.apiKeys.clock.nowMs()),
          requestsPerSecond: body.requests_per_second ?? null,
        },
      });
      return {
        status: 201,
        body: { ...keyView(entity, propagated), key },
        headers: { location: `${path}/${entity.id}`, 'cache-control': 'no-store' },
      };
    },
  });

const listRoute = ({ apiKeys }: GrantParts): Route =>
  route({
    operationId: 'listApiKeys',
    method: 'GET',
    path,
    access: 'admin',
    tag: 'API keys',
    summary: 'List API keys, newest first',
    query: queryOf<PageQuery>(pageParameters),
    answers: { 200: { description: 'A page.', schema: pageSchema(keySchema), headers: ['Link'] } },
    handle: async ({ principal, query, request }) => {
      const reach = reachOf(principal);
      const filters = { reach: reach.consumerId, of: 'api-keys' };
      const { afterId, cursorAfter } = cursorPlace(query.cursor, { workspaceId: reach.workspaceId, filters });
      const where = { in: { state: ['active', 'revoked'] } };
      const place = { afterId, limit: query.limit };
      const found = await apiKeys.store.list(reach, { where, ...place, order: 'falling' });
      const data = found.items.map((key) => keyView(key, !key.isUnpublished));
      return pageReply(request, { data, nextCursor: cursorAfter(found.nextAfterId) });
    },
  });

const readRoute = ({ apiKeys }: GrantParts): Route =>
  route({
    operationId: 'getApiKey',
    method: 'GET',
    path: `${path}/{id}`,
    access: 'admin',
    tag: 'API keys',
    summary: 'Read an API key',
    params,
    answers: { 200: { description: 'What it may, and never the key.', schema: keySchema } },
    handle: async ({ principal, params: { id } }) => {
      const found = await apiKeys.store.find(reachOf(principal), id);
      if (found === null || found.state === 'deleted') throw notFound(apiKeys.kind, id);
      return { status: 200, body: keyView(found, !found.isUnpublished) };
    },
  });

const revokeRoute = ({ apiKeys }: GrantParts): Route =>
  route({
    operationId: 'revokeApiKey',
    method: 'POST',
    path: `${path}/{id}/revoke`,
    access: 'admin',
    tag: 'API keys',
    summary: 'Revoke an API key, for good',
    params,
    answers: { 200: { description: 'It is let in no more.', schema: keySchema } },
    handle: async (call) => {
      const { entity, propagated } = await writeVersion(apiKeys, targetOf(call), {
        operation: 'revoked',
        change: (current) => {
          if (!current.isBootstrap) return revoked(current, apiKeys.clock.nowMs());
          const message = 'This is the key of the environment: change ADMIN_KEY of the subscription service.';
          throw new AppError({ code: 'conflict', message });
        },
      });
      return { status: 200, body: keyView(entity, propagated) };
    },
  });

type TokenBody = Readonly<{
  consumer_id: string;
  scopes?: readonly AccessScope[];
  expires_in_seconds?: number;
}>;

const tokenBody = {
  type: 'object',
  properties: {
    consumer_id: { type: 'string', minLength: 1, maxLength: 128 },
    scopes: { type: 'array', items: { enum: consumerScopes }, minItems: 1, uniqueItems: true },
    expires_in_seconds: { type: 'integer', minimum: 60, maximum: 3_600 },
  },
  required: ['consumer_id'],
  additionalProperties: false,
};
const defaultTokenScopes: readonly AccessScope[] = ['subscriptions:read', 'deliveries:read'];
const defaultTokenSeconds = 900;

/** POST /v1/webhooks/consumer-tokens. */
export const tokenRoute = (parts: TokenParts): Route =>
  route({
    operationId: 'createConsumerToken',
    method: 'POST',
    path: '/v1/webhooks/consumer-tokens',
    access: 'admin',
    tag: 'API keys',
    summary: 'Sign a short-lived token for one consumer',
    description: 'For a page that shows a partner its own things. It ends with the key that asked for it.',
    body: jsonBody<TokenBody>({ schema: tokenBody }),
    answers: { 201: { description: 'The token.', schema: tokenSchema } },
    handle: async (call) => {
      const { principal, body } = call;
      const { text, token } = await issueToken(parts, {
        workspaceId: workspaceId(principal.workspaceId),
        consumerId: consumerId(body.consumer_id),
        held: principal.scopes,
        scopes: body.scopes ?? defaultTokenScopes,
        lifetimeMs: (body.expires_in_seconds ?? defaultTokenSeconds) * 1_000,
        by: actorOf(call),
      });
      return {
        status: 201,
        body: {
          token: text,
          consumer_id: token.consumerId,
          scopes: token.scopes,
          expires_at: new Date(token.expiresAtMs).toISOString(),
        },
        headers: { 'cache-control': 'no-store' },
      };
    },
  });
