import {
  etagOf,
  jsonBody,
  named,
  type PageQuery,
  type Principal,
  pageParameters,
  pageReply,
  queryOf,
  type Reply,
  type Route,
  route,
} from '@tidings/http';
import { actorOf } from '../../registry/adapters/call-scope.ts';
import { cursorPosition } from '../../registry/adapters/cursor-position.ts';
import type { Scope } from '../../registry/ports.ts';
import { findTarget, type Written } from '../../registry/write-version.ts';
import type { CreateKeyParts } from '../create-api-key.ts';
import { type ApiKey, shownState } from '../domain/api-key.ts';
import { bodySchemas, type TokenBody } from '../domain/key-request.ts';
import { issueConsumerToken, newTokenId, type TokenParts } from '../issue-consumer-token.ts';
import { workspaceOf } from '../key-workspace.ts';
import type { KeyUsageStore } from '../ports.ts';
import { revokeApiKey } from '../revoke-api-key.ts';
import { apiKeySchema, apiKeyView, listSchema, shownStates, tokenSchema } from './api-key-schemas.ts';
import { createKeyRoute } from './create-key-route.ts';

/** Dependencies of the API key routes. */
export type ApiKeyParts = CreateKeyParts & TokenParts & Readonly<{ usage: KeyUsageStore }>;

const path = '/v1/webhooks/api-keys';
const tag = 'API keys';
const access = 'admin';
const keyParams = {
  id: { type: 'string', pattern: '^key_[0-9A-Za-z._-]{1,160}$', description: 'The id of the key.' },
} as const;
const workspaceParameter = {
  workspace_id: {
    type: 'string',
    minLength: 1,
    maxLength: 128,
    description:
      "Workspace of the key. Requires the scope `platform` if it is not the caller's own, which is the default.",
  },
} as const;

type WorkspaceQuery = Readonly<{ workspace_id?: string }>;
type ListQuery = PageQuery &
  WorkspaceQuery &
  Readonly<{ consumer_id?: string; state?: (typeof shownStates)[number] }>;

const oneQuery = queryOf<WorkspaceQuery>(workspaceParameter);
const listQuery = queryOf<ListQuery>({
  consumer_id: { type: 'string', minLength: 1, maxLength: 128, description: 'Only those of this consumer.' },
  state: {
    type: 'string',
    enum: shownStates,
    description: 'Default: all states. A page of active ones can be shorter than `limit`.',
  },
  ...workspaceParameter,
  ...pageParameters,
});

/** Returns the routes of `/v1/webhooks/api-keys` and `/v1/webhooks/consumer-tokens`. */
export const apiKeyRoutes = (parts: ApiKeyParts): Route[] => [
  listRoute(parts),
  createKeyRoute(parts),
  readRoute(parts),
  revokeRoute(parts),
  tokenRoute(parts),
];

const scopeOf = (principal: Principal, { workspace_id }: WorkspaceQuery): Scope => ({
  workspaceId: workspaceOf(principal, workspace_id),
  consumerId: null,
});

const listRoute = ({ apiKeys, usage }: ApiKeyParts): Route =>
  route({
    operationId: 'listApiKeys',
    method: 'GET',
    path,
    access,
    tag,
    summary: 'List API keys',
    description: 'Includes revoked keys. Does not show the keys themselves.',
    query: listQuery,
    responses: { 200: { description: 'A page.', schema: listSchema, headers: ['Link'] } },
    handle: async ({ principal, query, request }) => {
      const { consumer_id, state, cursor, limit } = query;
      const scope = scopeOf(principal, query);
      const binding = {
        workspaceId: scope.workspaceId,
        filters: { consumer_id, state, of: 'api-keys' },
      };
      const { afterId, cursorAfter } = cursorPosition(cursor, binding);
      const nowMs = apiKeys.clock.nowMs();
      const where = {
        in: {
          state: storedStates[state ?? 'all'],
          ...(consumer_id !== undefined && { consumer_id: [consumer_id] }),
        },
        ...(state === 'expired' && { upTo: { expires_at_ms: nowMs } }),
      };
      const { items, nextAfterId } = await apiKeys.store.list(scope, {
        where,
        afterId,
        limit,
        order: 'falling',
      });
      const shown = items.filter((item) => state === undefined || shownState(item, nowMs) === state);
      const uses = await usage.findMany(shown.map(({ id }) => id));
      const data = shown.map((item) =>
        apiKeyView(item, { propagated: !item.isUnpublished, lastUsedAtMs: uses.get(item.id), nowMs }),
      );
      return pageReply(request, { data, nextCursor: cursorAfter(nextAfterId) });
    },
  });

// Expiry writes no version; it is computed from the clock.
const storedStates = {
  all: ['active', 'revoked'],
  active: ['active'],
  expired: ['active'],
  revoked: ['revoked'],
} as const;

async function keyReply(
  { usage, apiKeys }: ApiKeyParts,
  { entity, propagated }: Written<ApiKey>,
): Promise<Reply> {
  const lastUsedAtMs = (await usage.findMany([entity.id])).get(entity.id);
  return {
    status: 200,
    body: apiKeyView(entity, { propagated, lastUsedAtMs, nowMs: apiKeys.clock.nowMs() }),
    headers: { etag: etagOf(entity), 'cache-control': 'no-store' },
  };
}

const readRoute = (parts: ApiKeyParts): Route =>
  route({
    operationId: 'getApiKey',
    method: 'GET',
    path: `${path}/{id}`,
    access,
    tag,
    summary: 'Read an API key',
    params: keyParams,
    query: oneQuery,
    responses: {
      200: {
        description: `The key's properties, without the key itself.`,
        schema: apiKeySchema,
        headers: ['ETag'],
      },
    },
    handle: async (call) => {
      const { principal, params, query } = call;
      const scope = scopeOf(principal, query);
      const entity = await findTarget(parts.apiKeys, {
        scope,
        id: params.id,
        ifMatch: null,
        by: actorOf(call),
      });
      return keyReply(parts, { entity, propagated: !entity.isUnpublished });
    },
  });

const revokeRoute = (parts: ApiKeyParts): Route =>
  route({
    operationId: 'revokeApiKey',
    method: 'POST',
    path: `${path}/{id}/revoke`,
    access,
    tag,
    summary: 'Revoke an API key',
    description:
      'Every service rejects the key, and the tokens created with it, within 2 s. A revoked key cannot be restored.',
    params: keyParams,
    query: oneQuery,
    responses: { 200: { description: 'The key is revoked.', schema: apiKeySchema, headers: ['ETag'] } },
    problems: ['conflict'],
    handle: async (call) => {
      const { principal, params, query } = call;
      const target = { scope: scopeOf(principal, query), id: params.id, ifMatch: null, by: actorOf(call) };
      return keyReply(parts, await revokeApiKey(parts.apiKeys, target, principal));
    },
  });

const tokenRoute = (parts: ApiKeyParts): Route =>
  route({
    operationId: 'createConsumerToken',
    method: 'POST',
    path: '/v1/webhooks/consumer-tokens',
    access,
    tag,
    summary: 'Create a token of a consumer',
    description:
      'A credential of one consumer that expires by itself, for a page in a browser. It also ends when the key that created it is revoked.',
    newId: newTokenId,
    body: jsonBody<TokenBody>({
      schema: named('NewConsumerToken', bodySchemas.token),
      example: { consumer_id: 'acme', expires_in_seconds: 900 },
    }),
    responses: { 201: { description: 'The token.', schema: tokenSchema } },
    handle: async (call) => {
      const { principal, body, run } = call;
      const { token, scopes, expiresAtMs } = await issueConsumerToken(parts, {
        principal,
        body,
        id: run.id,
        by: actorOf(call),
      });
      const expires = new Date(expiresAtMs).toISOString();
      return {
        status: 201,
        body: { token, consumer_id: body.consumer_id, scopes, expires_at: expires },
        headers: { 'cache-control': 'no-store' },
      };
    },
  });
