import { accessScopes, consumerScopes } from '@tidings/contracts';
import { type JsonSchema, named, pageSchema } from '@tidings/http';
import { type ApiKey, shownState } from '../domain/api-key.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;

/** States of a key in the API. */
export const shownStates = ['active', 'expired', 'revoked'] as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

const keyFields = {
  id: text,
  workspace_id: text,
  consumer_id: { type: ['string', 'null'], description: 'null: it sees all of the workspace.' },
  name: textOrNull,
  prefix: { type: 'string', description: 'The first characters of the key.' },
  scopes: { type: 'array', items: { type: 'string', enum: accessScopes } },
  state: { type: 'string', enum: shownStates },
  expires_at: timeOrNull,
  requests_per_second: { type: ['number', 'null'] },
  is_bootstrap: { type: 'boolean', description: 'It follows ADMIN_KEY of the environment.' },
  created_by: { type: ['string', 'null'], description: 'The id of the key that made it.' },
  last_used_at: { type: ['string', 'null'], format: 'date-time', description: 'To the minute.' },
  version: { type: 'integer' },
  created_at: time,
  updated_at: time,
  propagated: { type: 'boolean', description: 'Whether this version is known to be in force everywhere.' },
} as const;

const keyExample = {
  id: 'key_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
  workspace_id: 'ws_shop',
  consumer_id: null,
  name: 'shop backend',
  prefix: 'tdk_4fR8',
  scopes: ['events:write'],
  state: 'active',
  expires_at: null,
  requests_per_second: null,
  is_bootstrap: false,
  created_by: 'key_admin_ws_shop',
  last_used_at: '2026-11-22T10:05:00.000Z',
  version: 1,
  created_at: '2026-11-22T10:00:00.000Z',
  updated_at: '2026-11-22T10:00:00.000Z',
  propagated: true,
} as const;

/** Schema of a key as `apiKeyView` returns it. */
export const apiKeySchema = named('ApiKey', object(keyFields), keyExample);

/** Schema of a new key, including the key itself. */
export const createdKeySchema = named(
  'CreatedApiKey',
  object({ ...keyFields, key: { type: 'string', description: 'The key. It is shown nowhere else.' } }),
  { ...keyExample, last_used_at: null, key: 'tdk_4fR8exampleOfAKeyOfNobody' },
);

/** Schema of a page of keys. */
export const listSchema = named('ApiKeyPage', pageSchema(apiKeySchema));

/** Schema of a consumer token. */
export const tokenSchema = named(
  'ConsumerToken',
  object({
    token: { type: 'string', description: 'To be sent as a key is. It is shown nowhere else.' },
    consumer_id: text,
    scopes: { type: 'array', items: { type: 'string', enum: consumerScopes } },
    expires_at: time,
  }),
  {
    token: 'eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl',
    consumer_id: 'acme',
    scopes: ['subscriptions:read', 'deliveries:read'],
    expires_at: '2026-11-22T10:15:00.000Z',
  },
);

const timeOf = (ms: number | null | undefined): string | null =>
  ms == null ? null : new Date(ms).toISOString();

/** Values that the view of a key needs in addition to the key. */
export type BesideKey = Readonly<{ propagated: boolean; lastUsedAtMs: number | undefined; nowMs: number }>;

/** Returns the API view of a key, without the key itself or its hash. */
export const apiKeyView = (
  key: ApiKey,
  { propagated, lastUsedAtMs, nowMs }: BesideKey,
): Readonly<Record<string, unknown>> => ({
  id: key.id,
  workspace_id: key.workspaceId,
  consumer_id: key.grant.consumerId,
  name: key.grant.name,
  prefix: key.prefix,
  scopes: key.grant.scopes,
  state: shownState(key, nowMs),
  expires_at: timeOf(key.grant.expiresAtMs),
  requests_per_second: key.grant.requestsPerSecond,
  is_bootstrap: key.isBootstrap,
  created_by: key.createdBy,
  last_used_at: timeOf(lastUsedAtMs),
  version: key.version,
  created_at: timeOf(key.createdAtMs),
  updated_at: timeOf(key.updatedAtMs),
  propagated,
});
