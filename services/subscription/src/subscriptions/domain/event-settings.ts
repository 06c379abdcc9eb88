import {
  type BodyFormat,
  bodyFormats,
  type ExhaustionPolicy,
  exhaustionPolicies,
  type LargePayloads,
  largePayloadForms,
  type Ordering,
  orderings,
  type SignatureStyle,
  type SubscriptionAudience,
  signatureStyles,
  subscriptionAudiences,
} from '@tidings/contracts';
import { shape } from '../../registry/domain/document-schema.ts';
import { maskedUrl } from './audit-masks.ts';
import { eventFaults } from './event-rules.ts';
import { limits } from './limits.ts';
import { same, setting } from './setting.ts';

/** Returns the schema of a field with a closed list of values. */
export const choice = (names: readonly string[], description: string) =>
  ({ type: 'string', enum: names, description }) as const;

// A name in another alphabet can look like a different name: it is stored in its ASCII form (UTS 46). The rest of the
// URL is unchanged.
const asciiNamed = (url: string): string => {
  if (/^\p{ASCII}*$/u.test(url)) return url;
  try {
    return url.replace(/^(https?:\/\/)[^/?#]*/i, `$1${new URL(url).host}`);
  } catch {
    // Not a URL; validation reports it.
    return url;
  }
};

type Filter = Readonly<Record<string, unknown>>;

/** Settings of the events that a subscription receives and of the form in which it receives them. */
export const eventSettings = {
  endpointUrl: setting({
    wire: 'endpoint_url',
    schema: {
      type: 'string',
      minLength: 1,
      maxLength: limits.endpointUrlLength,
      description: 'URL that receives the webhooks: https, at a public address.',
    },
    read: asciiNamed,
    shown: { type: 'string' },
    example: 'https://partner.example/hooks',
    stored: shape.text,
    mask: maskedUrl,
    hints: ['url', 'endpoint', 'target_url', 'callback_url', 'webhook_url'],
  }),
  description: setting({
    wire: 'description',
    schema: {
      type: ['string', 'null'],
      maxLength: limits.descriptionLength,
      description: 'Description for people.',
    },
    default: null,
    read: same<string | null>,
    shown: { type: ['string', 'null'] },
    example: 'Orders of the shop',
    isOnTopic: false,
    stored: shape.nullableText,
  }),
  events: setting({
    wire: 'events',
    schema: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      maxItems: limits.events,
      uniqueItems: true,
      description:
        'Event types that the subscription receives: names, `order.*` for all below a name, or `*` for all.',
    },
    read: same<readonly string[]>,
    faults: eventFaults,
    shown: { type: 'array', items: { type: 'string' } },
    example: ['order.*'],
    stored: { type: 'array', items: shape.text, minItems: 1 },
    hints: ['event_types', 'enabled_events', 'filter_types', 'topics'],
  }),
  filters: setting({
    wire: 'filters',
    schema: {
      type: ['object', 'null'],
      description: 'Filter on the data of events; null: all events match.',
    },
    default: null,
    read: same<Filter | null>,
    shown: { type: ['object', 'null'] },
    example: { total: { $gte: 1000 } },
    // JSON text, because the keys of a filter contain dots and dollars, which MongoDB field names must not.
    storedAs: 'filters_json',
    stored: shape.nullableText,
    toStored: (filter) => (filter === null ? null : JSON.stringify(filter)),
    fromStored: (json) => (json === null ? null : (JSON.parse(json) as Filter)),
    hints: ['filter', 'channels'],
  }),
  audience: setting({
    wire: 'audience',
    schema: choice(
      subscriptionAudiences,
      '`internal`: receives internal events of sources too. Only for a subscription of the workspace itself.',
    ),
    default: 'external',
    read: same<SubscriptionAudience>,
    shown: { enum: subscriptionAudiences },
    stored: { enum: subscriptionAudiences },
  }),
  ordering: setting({
    wire: 'ordering',
    schema: choice(
      orderings,
      'Events that are sent one after the other: all (`subscription`), those with the same ordering key (`key`), or none (`none`).',
    ),
    default: 'none',
    read: same<Ordering>,
    shown: { enum: orderings },
    stored: { enum: orderings },
  }),
  onExhausted: setting({
    wire: 'on_exhausted',
    schema: choice(
      exhaustionPolicies,
      'Behaviour of an ordered subscription after the last attempt of an event: `skip` continues with the next event, `block` waits.',
    ),
    default: 'skip',
    read: same<ExhaustionPolicy>,
    shown: { enum: exhaustionPolicies },
    stored: { enum: exhaustionPolicies },
  }),
  format: setting({
    wire: 'format',
    schema: choice(bodyFormats, 'Format of the request body; see the webhook `event` in this description.'),
    default: 'standard',
    read: same<BodyFormat>,
    shown: { enum: bodyFormats },
    stored: { enum: bodyFormats },
  }),
  largePayloads: setting({
    wire: 'large_payloads',
    schema: choice(
      largePayloadForms,
      'Events whose data are too large for a record of the log: sent with their data (`full`), with a reference to them (`reference`), or not at all (`skip`).',
    ),
    default: 'full',
    read: same<LargePayloads>,
    shown: { enum: largePayloadForms },
    stored: { enum: largePayloadForms },
  }),
  signatureStyle: setting({
    wire: 'signature_style',
    schema: choice(
      signatureStyles,
      'Signature: `v1` with a shared secret, `v1a` with a key pair (ed25519), `plain` like `v1` with additional X-Webhook-* headers.',
    ),
    default: 'v1',
    read: same<SignatureStyle>,
    shown: { enum: signatureStyles },
    stored: { enum: signatureStyles },
  }),
} as const;
