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
  consumer_id: {
    type: ['string', 'null'],
    description: 'Consumer to which the key is limited; null: the key has access to the whole workspace.',
  },
  name: textOrNull,
  prefix: { type: 'string', description: 'First characters of the key.' },
  scopes: { type: 'array', items: { type: 'string', enum: accessScopes } },
  state: { type: 'string', enum: shownStates },
  expires_at: timeOrNull,
  requests_per_second: { type: ['number', 'null'] },
  spool: {
    type: 'boolean',
    description: 'Whether events of the key are accepted while the log does not acknowledge.',
  },
  max_payload_bytes: {
    type: ['integer', 'null'],
    description: 'Maximum size of one event, in bytes; null: as the installation allows.',
  },
  is_bootstrap: {
    type: 'boolean',
    description: 'Whether the key is the bootstrap key, which the environment sets with ADMIN_KEY.',
  },
  created_by: { type: ['string', 'null'], description: 'Id of the key that created this one.' },
  last_used_at: {
    type: ['string', 'null'],
    format: 'date-time',
    description: 'Time of the last use, to the minute.',
  },
  version: { type: 'integer' },
  created_at: time,
  updated_at: time,
  propagated: {
    type: 'boolean',
    description: 'Whether the topic that the services read has acknowledged this version.',
  },
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
  spool: false,
  max_payload_bytes: null,
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
  object({
    ...keyFields,
    key: { type: 'string', description: 'The key. It is shown only in this response.' },
  }),
  { ...keyExample, last_used_at: null, key: 'tdk_4fR8exampleOfAKeyOfNobody' },
);

/** Schema of a page of keys. */
export const listSchema = named('ApiKeyPage', pageSchema(apiKeySchema));

/** Schema of a consumer token. */
export const tokenSchema = named(
  'ConsumerToken',
  object({
    token: {
      type: 'string',
      description: 'The token, which is sent like a key. It is shown only in this response.',
    },
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
  spool: key.grant.spool,
  max_payload_bytes: key.grant.maxPayloadBytes,
  is_bootstrap: key.isBootstrap,
  created_by: key.createdBy,
  last_used_at: timeOf(lastUsedAtMs),
  version: key.version,
  created_at: timeOf(key.createdAtMs),
  updated_at: timeOf(key.updatedAtMs),
  propagated,
});
