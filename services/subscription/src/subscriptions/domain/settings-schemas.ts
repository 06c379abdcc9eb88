import { bodyFormats, exhaustionPolicies, orderings, signatureStyles } from '@tidings/contracts';
import { limits } from './limits.ts';
import { verifications } from './subscription.ts';

const count = ({ min, max }: Readonly<{ min: number; max: number }>, description: string) =>
  ({ type: 'integer', minimum: min, maximum: max, description }) as const;
/** Returns the schema of a field with a closed list of values. */
export const choice = (names: readonly string[], description: string) =>
  ({ type: 'string', enum: names, description }) as const;

/** JSON Schemas of the fields that an owner may write, as they are after a merge. */
export const settingsFields = {
  endpoint_url: {
    type: 'string',
    minLength: 1,
    maxLength: limits.endpointUrlLength,
    description: 'Names the URL that receives the webhooks: https, at a public address.',
  },
  description: {
    type: ['string', 'null'],
    maxLength: limits.descriptionLength,
    description: 'Tells people what it is for.',
  },
  events: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    minItems: 1,
    maxItems: limits.events,
    uniqueItems: true,
    description: 'Lists the event types: by name, as `order.*` for all below a name, or as `*` for all.',
  },
  filters: {
    type: ['object', 'null'],
    description: 'Lets only events through whose data satisfy it; null lets all through.',
  },
  ordering: choice(
    orderings,
    'Sends one after the other: all events (`subscription`), those with one ordering key (`key`), or none (`none`).',
  ),
  on_exhausted: choice(
    exhaustionPolicies,
    'With an ordering, says what follows when the attempts of one event are used up: `skip` goes on with the next, `block` waits.',
  ),
  format: choice(
    bodyFormats,
    'Chooses the body of the request; see the webhook `event` of this description.',
  ),
  signature_style: choice(
    signatureStyles,
    'Chooses the signature: `v1` by a shared secret, `v1a` by a key pair (ed25519), `plain` as `v1` with X-Webhook-* headers beside it.',
  ),
  headers: {
    type: 'object',
    maxProperties: limits.headers,
    additionalProperties: { type: 'string' },
    description: 'Adds these headers to every request.',
  },
  secret_headers: {
    type: 'object',
    maxProperties: limits.headers,
    // true keeps the current value; null removes the header.
    additionalProperties: { type: ['string', 'boolean', 'null'], not: { const: false } },
    description: 'Adds these headers, which are credentials: they are stored sealed and never shown.',
  },
  verify: choice(verifications, 'Says how the endpoint is asked before it is used for the first time.'),
  timeout_seconds: count(
    limits.timeoutSeconds,
    'Bounds one attempt, from connecting to the end of the answer.',
  ),
  retry_schedule: {
    // An array is validated by element, any other value by the names.
    if: { type: 'array' },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
    then: {
      type: 'array',
      items: { type: 'integer', minimum: 0, maximum: limits.retryTotalSeconds },
      maxItems: limits.retrySteps + 1,
    },
    else: { type: 'string', enum: ['default', 'short'] },
    description:
      'Names one of the schedules, or lists the seconds to wait before each attempt after the first.',
  },
  rate_limit: {
    type: ['object', 'null'],
    properties: {
      per_second: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: limits.ratePerSecond,
        description: 'Bounds the requests in a second, over time.',
      },
      burst: {
        type: 'integer',
        minimum: 1,
        maximum: limits.burst,
        description: 'Bounds the requests at once, after a pause. Default: those of a second.',
      },
    },
    required: ['per_second'],
    additionalProperties: false,
    description: 'Bounds how many requests are sent; null does not.',
  },
  max_in_flight: count(limits.maxInFlight, 'Bounds the requests under way at one time.'),
  tls: {
    type: ['object', 'null'],
    properties: {
      ca: {
        type: 'string',
        maxLength: limits.certificatesLength,
        description:
          'Names the authorities that the endpoint is trusted by, in PEM, in the place of the public ones.',
      },
      certificate: {
        type: 'string',
        maxLength: limits.certificatesLength,
        description: 'Shows this certificate to the endpoint, in PEM, with its chain.',
      },
      key: {
        type: 'string',
        maxLength: limits.keyLength,
        description: 'Is the private key of the certificate, in PEM. It is stored sealed and never shown.',
      },
    },
    additionalProperties: false,
    description:
      'Sets TLS of its own (mutual TLS, private authorities); null uses the public authorities alone.',
  },
} as const;

/** The same fields in a new subscription, with their defaults. A test compares these with `defaultSettings`. */
export const createdFields = {
  ...settingsFields,
  description: { ...settingsFields.description, default: null },
  filters: { ...settingsFields.filters, default: null },
  ordering: { ...settingsFields.ordering, default: 'none' },
  on_exhausted: { ...settingsFields.on_exhausted, default: 'skip' },
  format: { ...settingsFields.format, default: 'standard' },
  signature_style: { ...settingsFields.signature_style, default: 'v1' },
  headers: { ...settingsFields.headers, default: {} },
  secret_headers: { ...settingsFields.secret_headers, default: {} },
  verify: { ...settingsFields.verify, default: 'none' },
  timeout_seconds: { ...settingsFields.timeout_seconds, default: limits.timeoutSeconds.default },
  retry_schedule: { ...settingsFields.retry_schedule, default: 'default' },
  rate_limit: { ...settingsFields.rate_limit, default: null },
  max_in_flight: { ...settingsFields.max_in_flight, default: limits.maxInFlight.default },
  tls: { ...settingsFields.tls, default: null },
} as const;

const orNull = (properties: Readonly<Record<string, Readonly<{ type: string }>>>): object =>
  Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [name, { ...field, type: [field.type, 'null'] }]),
  );

/** The same fields in a merge patch. Required properties of objects are checked after the merge. */
export const patchedFields = {
  ...settingsFields,
  headers: {
    type: ['object', 'null'],
    additionalProperties: { type: ['string', 'null'] },
    description: 'Changes the headers of every request; null takes one away.',
  },
  secret_headers: {
    type: ['object', 'null'],
    additionalProperties: settingsFields.secret_headers.additionalProperties,
    description: 'Changes the headers that are credentials; true leaves one as it is, null takes it away.',
  },
  rate_limit: {
    ...settingsFields.rate_limit,
    properties: orNull(settingsFields.rate_limit.properties),
    required: [],
  },
  tls: { ...settingsFields.tls, properties: orNull(settingsFields.tls.properties) },
} as const;
