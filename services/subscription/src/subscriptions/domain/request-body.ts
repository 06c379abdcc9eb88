import type {
  BodyFormat,
  ExhaustionPolicy,
  OnEnable,
  Ordering,
  SignatureStyle,
  SubscriptionRecord,
} from '@tidings/contracts';
import {
  bodyFormats,
  consumerIdRule,
  exhaustionPolicies,
  onEnablePolicies,
  orderings,
  signatureStyles,
} from '@tidings/contracts';
import { limits } from './limits.ts';
import type { ScheduleChoice } from './retry-schedule.ts';
import type { SecretHeadersBody } from './secret-headers.ts';
import { type Verification, verifications } from './subscription.ts';
import type { TlsBody } from './tls-material.ts';

/** The fields of a subscription that its owner may write, as they stand in a request. */
export type SettingsBody = Readonly<{
  endpoint_url?: string;
  description?: string | null;
  events?: readonly string[];
  filters?: Readonly<Record<string, unknown>> | null;
  ordering?: Ordering;
  on_exhausted?: ExhaustionPolicy;
  format?: BodyFormat;
  signature_style?: SignatureStyle;
  headers?: Readonly<Record<string, string>>;
  secret_headers?: SecretHeadersBody;
  verify?: Verification;
  timeout_seconds?: number;
  retry_schedule?: ScheduleChoice;
  rate_limit?: Readonly<{ per_second: number; burst?: number }> | null;
  max_in_flight?: number;
  tls?: TlsBody | null;
}>;

/** POST: the settings, and what only a new subscription can be given. */
export type CreateBody = SettingsBody &
  Readonly<{
    endpoint_url: string;
    events: readonly string[];
    consumer_id?: string | null;
    /** Follows from the events where it is left out. */
    kind?: SubscriptionRecord['kind'];
    is_active?: boolean;
    secret?: string;
    send_test?: boolean;
  }>;

/** The fields that a PATCH names, as they are after the merge. */
export type MergedBody = SettingsBody & Readonly<{ is_active?: boolean }>;

type Patched<T> = Readonly<{ [Name in keyof T]?: T[Name] | null }>;

/** PATCH: a merge patch (RFC 7396), so what is an object need not be whole, and null takes a part of it away. */
export type ChangeBody = Omit<MergedBody, 'headers' | 'secret_headers' | 'rate_limit' | 'tls'> &
  Readonly<{
    headers?: Readonly<Record<string, string | null>> | null;
    secret_headers?: SecretHeadersBody | null;
    rate_limit?: Patched<NonNullable<SettingsBody['rate_limit']>> | null;
    tls?: Patched<TlsBody> | null;
  }>;

/** POST …/enable: what becomes of that which waits in dead-letters. Default redrive. */
export type EnableBody = Readonly<{ waiting?: OnEnable }>;

/** POST …/disable. */
export type DisableBody = Readonly<{ reason?: string }>;

/** POST …/rotate-secret. */
export type RotateBody = Readonly<{ overlap_seconds?: number; secret?: string }>;

const count = ({ min, max }: Readonly<{ min: number; max: number }>): object => ({
  type: 'integer',
  minimum: min,
  maximum: max,
});

const settingsFields = {
  endpoint_url: { type: 'string', minLength: 1, maxLength: limits.endpointUrlLength },
  description: { type: ['string', 'null'], maxLength: limits.descriptionLength },
  events: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    minItems: 1,
    maxItems: limits.events,
    uniqueItems: true,
  },
  filters: { type: ['object', 'null'] },
  ordering: { enum: orderings },
  on_exhausted: { enum: exhaustionPolicies },
  format: { enum: bodyFormats },
  signature_style: { enum: signatureStyles },
  headers: { type: 'object', maxProperties: limits.headers, additionalProperties: { type: 'string' } },
  secret_headers: {
    type: 'object',
    maxProperties: limits.headers,
    // true stands for a value that is set and stays as it is; null takes the header away.
    additionalProperties: { type: ['string', 'boolean', 'null'], not: { const: false } },
  },
  verify: { enum: verifications },
  timeout_seconds: count(limits.timeoutSeconds),
  retry_schedule: {
    // An array is judged step by step here, any other value by the names.
    if: { type: 'array' },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
    then: {
      type: 'array',
      items: { type: 'integer', minimum: 0, maximum: limits.retryTotalSeconds },
      maxItems: limits.retrySteps + 1,
    },
    else: { enum: ['default', 'short'] },
  },
  rate_limit: {
    type: ['object', 'null'],
    properties: {
      per_second: { type: 'number', exclusiveMinimum: 0, maximum: limits.ratePerSecond },
      burst: { type: 'integer', minimum: 1, maximum: limits.burst },
    },
    required: ['per_second'],
    additionalProperties: false,
  },
  max_in_flight: count(limits.maxInFlight),
  tls: {
    type: ['object', 'null'],
    properties: {
      ca: { type: 'string', maxLength: limits.certificatesLength },
      certificate: { type: 'string', maxLength: limits.certificatesLength },
      key: { type: 'string', maxLength: limits.keyLength },
    },
    additionalProperties: false,
  },
} as const;

// The names that Svix, Stripe and others have for these.
const settingsHints = {
  url: 'endpoint_url',
  endpoint: 'endpoint_url',
  target_url: 'endpoint_url',
  callback_url: 'endpoint_url',
  webhook_url: 'endpoint_url',
  event_types: 'events',
  enabled_events: 'events',
  filter_types: 'events',
  topics: 'events',
  filter: 'filters',
  channels: 'filters',
  disabled: 'is_active',
  enabled: 'is_active',
  active: 'is_active',
  state: 'is_active',
  status: 'is_active',
  throttle_rate: 'rate_limit',
  custom_headers: 'headers',
  timeout: 'timeout_seconds',
  retry_policy: 'retry_schedule',
  max_concurrency: 'max_in_flight',
} as const;

const orNull = (properties: Readonly<Record<string, Readonly<{ type: string }>>>): object =>
  Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [name, { ...field, type: [field.type, 'null'] }]),
  );

// What objects must hold in the end is checked after the merge.
const patchedFields = {
  ...settingsFields,
  headers: { type: ['object', 'null'], additionalProperties: { type: ['string', 'null'] } },
  secret_headers: {
    type: ['object', 'null'],
    additionalProperties: settingsFields.secret_headers.additionalProperties,
  },
  rate_limit: {
    ...settingsFields.rate_limit,
    properties: orNull(settingsFields.rate_limit.properties),
    required: [],
  },
  tls: { ...settingsFields.tls, properties: orNull(settingsFields.tls.properties) },
} as const;

const secret = { type: 'string', minLength: 1, maxLength: 256 } as const;

const object = (properties: object, more: object = {}): Readonly<Record<string, unknown>> => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
});

/** JSON Schemas of the bodies above. Rules that a schema cannot say are checked by the domain after them. */
export const bodySchemas = {
  create: object(
    {
      ...settingsFields,
      consumer_id: { ...consumerIdRule, type: ['string', 'null'] },
      kind: { enum: ['webhook', 'operational'] },
      is_active: { type: 'boolean' },
      send_test: { type: 'boolean' },
      secret,
    },
    {
      required: ['endpoint_url', 'events'],
      'x-field-hints': {
        ...settingsHints,
        signing_secret: 'secret',
        application: 'consumer_id',
        customer_id: 'consumer_id',
        tenant_id: 'consumer_id',
      },
    },
  ),
  change: object({ ...patchedFields, is_active: { type: 'boolean' } }, { 'x-field-hints': settingsHints }),
  merged: object({ ...settingsFields, is_active: { type: 'boolean' } }),
  enable: object({ waiting: { enum: onEnablePolicies } }),
  disable: object({ reason: { type: 'string', minLength: 1, maxLength: limits.reasonLength } }),
  rotate: object(
    { overlap_seconds: { type: 'integer', minimum: 0, maximum: limits.overlapSeconds.max }, secret },
    { 'x-field-hints': { key: 'secret', new_secret: 'secret', overlap: 'overlap_seconds' } },
  ),
  nothing: object({}),
} as const;
