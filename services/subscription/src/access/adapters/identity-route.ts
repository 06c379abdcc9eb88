import { accessScopes } from '@tidings/contracts';
import { named, type Principal, type Route, route } from '@tidings/http';

const identitySchema = named(
  'Identity',
  {
    type: 'object',
    properties: {
      key_id: { type: 'string', description: 'Id of the key or token.' },
      workspace_id: { type: 'string' },
      consumer_id: {
        type: ['string', 'null'],
        description: 'Consumer to which the key is limited; null: the key has access to the whole workspace.',
      },
      scopes: { type: 'array', items: { type: 'string', enum: accessScopes } },
      granted_by: { type: ['string', 'null'], description: 'Of a token: id of the key that created it.' },
      expires_at: { type: ['string', 'null'], format: 'date-time', description: 'Of a token: its end.' },
    },
    required: ['key_id', 'workspace_id', 'consumer_id', 'scopes', 'granted_by', 'expires_at'],
  },
  {
    key_id: 'key_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
    workspace_id: 'ws_shop',
    consumer_id: null,
    scopes: ['deliveries:read'],
    granted_by: null,
    expires_at: null,
  },
);

const identityView = ({ keyId, grantedBy, expiresAtMs, ...principal }: Principal) => ({
  key_id: keyId,
  workspace_id: principal.workspaceId,
  consumer_id: principal.consumerId,
  scopes: accessScopes.filter((scope) => principal.scopes.has(scope)),
  granted_by: grantedBy ?? null,
  expires_at: expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString(),
});

/** Returns the route of `/v1/webhooks/identity`. */
export const identityRoute = (): Route =>
  route({
    operationId: 'getIdentity',
    method: 'GET',
    path: '/v1/webhooks/identity',
    access: 'any',
    tag: 'API keys',
    summary: 'Read what the key of the request may do',
    responses: { 200: { description: 'The identity.', schema: identitySchema } },
    handle: async ({ principal }) => ({
      status: 200,
      body: identityView(principal),
      headers: { 'cache-control': 'no-store' },
    }),
  });
