import {
  type AccessScope,
  accessScopes,
  consumerIdRule,
  consumerScopes,
  workspaceIdRule,
} from '@tidings/contracts';

/** Body of POST …/api-keys. */
export type KeyBody = Readonly<{
  name?: string | null;
  scopes: readonly AccessScope[];
  consumer_id?: string | null;
  /** RFC 3339; null: valid until revoked. */
  expires_at?: string | null;
  requests_per_second?: number | null;
  workspace_id?: string;
}>;

/** Body of POST …/consumer-tokens. */
export type TokenBody = Readonly<{
  consumer_id: string;
  scopes?: readonly AccessScope[];
  expires_in_seconds?: number;
}>;

/** Lifetime of a consumer token, in seconds. */
export const tokenSeconds = { default: 900, max: 3_600 } as const;

const ofConsumer = {
  ...consumerIdRule,
  description: 'Sees only what belongs to this consumer.',
} as const;
const scopeList = (names: readonly AccessScope[], description: string) =>
  ({
    type: 'array',
    items: { type: 'string', enum: names },
    minItems: 1,
    uniqueItems: true,
    description,
  }) as const;

/** JSON Schemas of the request bodies. */
export const bodySchemas = {
  key: {
    type: 'object',
    properties: {
      name: { type: ['string', 'null'], minLength: 1, maxLength: 128, description: 'For people.' },
      scopes: scopeList(accessScopes, 'What the key may do: no more than the key that makes it.'),
      consumer_id: { ...ofConsumer, type: ['string', 'null'] },
      expires_at: { type: ['string', 'null'], format: 'date-time', description: 'null: when it is revoked.' },
      requests_per_second: {
        type: ['number', 'null'],
        minimum: 1,
        maximum: 100_000,
        description: 'At each instance of each service. null: as the operator has set it.',
      },
      workspace_id: {
        ...workspaceIdRule,
        description: 'Whose key it is, with the scope `platform`; else that of the caller.',
      },
    },
    required: ['scopes'],
    additionalProperties: false,
    'x-field-hints': { permissions: 'scopes', expiry: 'expires_at', rate_limit: 'requests_per_second' },
  },
  token: {
    type: 'object',
    properties: {
      consumer_id: ofConsumer,
      scopes: scopeList(consumerScopes, 'What the token may do. Default: all of them.'),
      expires_in_seconds: {
        type: 'integer',
        minimum: 1,
        maximum: tokenSeconds.max,
        default: tokenSeconds.default,
        description: 'After how many seconds the token ends.',
      },
    },
    required: ['consumer_id'],
    additionalProperties: false,
    'x-field-hints': { id: 'consumer_id', ttl: 'expires_in_seconds', expiry: 'expires_in_seconds' },
  },
} as const;
