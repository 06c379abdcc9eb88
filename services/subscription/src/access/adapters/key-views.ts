import { accessScopes, consumerScopes } from '@tidings/contracts';
import { type JsonSchema, named } from '@tidings/http';
import type { ApiKey } from '../domain/api-key.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

const timeOf = (epochMs: number | null): string | null =>
  epochMs === null ? null : new Date(epochMs).toISOString();

const keyProperties = {
  id: text,
  name: textOrNull,
  prefix: { ...text, description: 'How the key begins.' },
  consumer_id: { ...textOrNull, description: 'The one consumer whose things it sees; null for all.' },
  scopes: { type: 'array', items: { enum: accessScopes } },
  state: { enum: ['active', 'revoked'] },
  expires_at: timeOrNull,
  requests_per_second: { type: ['number', 'null'] },
  created_by: { ...textOrNull, description: 'The key that made it.' },
  version: { type: 'integer' },
  created_at: time,
  propagated: { type: 'boolean', description: 'Whether every service has been told.' },
} as const;

/** An API key as `keyView` writes it. */
export const keySchema = named('ApiKey', object(keyProperties));

/** A new one, with the key itself. */
export const newKeySchema = named(
  'NewApiKey',
  object({ ...keyProperties, key: { ...text, description: 'Shown in this answer only.' } }),
);

/** A key as the API shows it: never the key. */
export const keyView = (key: ApiKey, propagated: boolean): Record<string, unknown> => ({
  id: key.id,
  name: key.grant.name,
  prefix: key.prefix,
  consumer_id: key.grant.consumerId,
  scopes: key.grant.scopes,
  state: key.state,
  expires_at: timeOf(key.grant.expiresAtMs),
  requests_per_second: key.grant.requestsPerSecond,
  created_by: key.createdBy,
  version: key.version,
  created_at: timeOf(key.createdAtMs),
  propagated,
});

/** A token, as it is answered. */
export const tokenSchema = named(
  'ConsumerToken',
  object({
    token: text,
    consumer_id: text,
    scopes: { type: 'array', items: { enum: consumerScopes } },
    expires_at: time,
  }),
);
