import {
  type AccessScope,
  accessScopes,
  consumerIdRule,
  consumerScopes,
  maxPayloadBytesRule,
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
  spool?: boolean;
  max_payload_bytes?: number | null;
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
  description: 'Consumer to which access is limited.',
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
      scopes: scopeList(accessScopes, 'Scopes of the key, which the key that creates it must have.'),
      consumer_id: { ...ofConsumer, type: ['string', 'null'] },
      expires_at: {
        type: ['string', 'null'],
        format: 'date-time',
        description: 'Time from which the key is rejected; null: the key does not expire.',
      },
      requests_per_second: {
        type: ['number', 'null'],
        minimum: 1,
        maximum: 100_000,
        description: 'Maximum rate at each instance of each service; null: set by the operator.',
      },
      spool: {
        type: 'boolean',
        description:
          'Whether ingress accepts events of the key while the log does not acknowledge, and keeps them on its disk until it does.',
      },
      max_payload_bytes: {
        ...maxPayloadBytesRule,
        type: ['integer', 'null'],
        description:
          'Maximum size of one event of the key, in bytes; larger ones are refused with 413. Null, or more than the installation allows: its maximum.',
      },
      workspace_id: {
        ...workspaceIdRule,
        description:
          "Workspace of the key. Requires the scope `platform` if it is not the caller's own, which is the default.",
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
      scopes: scopeList(consumerScopes, 'Scopes of the token. Default: all of these.'),
      expires_in_seconds: {
        type: 'integer',
        minimum: 1,
        maximum: tokenSeconds.max,
        default: tokenSeconds.default,
        description: 'Seconds after which the token expires.',
      },
    },
    required: ['consumer_id'],
    additionalProperties: false,
    'x-field-hints': { id: 'consumer_id', ttl: 'expires_in_seconds', expiry: 'expires_in_seconds' },
  },
} as const;
