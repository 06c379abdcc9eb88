import {
  type BodyFormat,
  bodyFormats,
  type ExhaustionPolicy,
  exhaustionPolicies,
  type Ordering,
  orderings,
  type SignatureStyle,
  signatureStyles,
} from '@tidings/contracts';
import { shape } from '../../registry/domain/document-schema.ts';
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
      description: 'Names the URL that receives the webhooks: https, at a public address.',
    },
    read: asciiNamed,
    shown: { type: 'string' },
    example: 'https://partner.example/hooks',
    stored: shape.text,
  }),
  description: setting({
    wire: 'description',
    schema: {
      type: ['string', 'null'],
      maxLength: limits.descriptionLength,
      description: 'Tells people what it is for.',
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
      description: 'Lists the event types: by name, as `order.*` for all below a name, or as `*` for all.',
    },
    read: same<readonly string[]>,
    faults: eventFaults,
    shown: { type: 'array', items: { type: 'string' } },
    example: ['order.*'],
    stored: { type: 'array', items: shape.text, minItems: 1 },
  }),
  filters: setting({
    wire: 'filters',
    schema: {
      type: ['object', 'null'],
      description: 'Lets only events through whose data satisfy it; null lets all through.',
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
  }),
  ordering: setting({
    wire: 'ordering',
    schema: choice(
      orderings,
      'Sends one after the other: all events (`subscription`), those with one ordering key (`key`), or none (`none`).',
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
      'With an ordering, says what follows when the attempts of one event are used up: `skip` goes on with the next, `block` waits.',
    ),
    default: 'skip',
    read: same<ExhaustionPolicy>,
    shown: { enum: exhaustionPolicies },
    stored: { enum: exhaustionPolicies },
  }),
  format: setting({
    wire: 'format',
    schema: choice(
      bodyFormats,
      'Chooses the body of the request; see the webhook `event` of this description.',
    ),
    default: 'standard',
    read: same<BodyFormat>,
    shown: { enum: bodyFormats },
    stored: { enum: bodyFormats },
  }),
  signatureStyle: setting({
    wire: 'signature_style',
    schema: choice(
      signatureStyles,
      'Chooses the signature: `v1` by a shared secret, `v1a` by a key pair (ed25519), `plain` as `v1` with X-Webhook-* headers beside it.',
    ),
    default: 'v1',
    read: same<SignatureStyle>,
    shown: { enum: signatureStyles },
    stored: { enum: signatureStyles },
  }),
} as const;
