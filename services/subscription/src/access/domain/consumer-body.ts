import { consumerIdRule } from '@tidings/contracts';

/** Body of PATCH: a merge patch (RFC 7396). */
export type ConsumerChangeBody = Readonly<{ name?: string | null; contact?: string | null }>;

/** Body of POST. The workspace chooses the id. */
export type ConsumerBody = ConsumerChangeBody & Readonly<{ id: string }>;

const details = {
  name: { type: ['string', 'null'], minLength: 1, maxLength: 200, description: 'For people.' },
  contact: {
    type: ['string', 'null'],
    minLength: 1,
    maxLength: 500,
    description: 'Contact of the consumer. It is stored in the registry only.',
  },
} as const;

/** Schema of the id of a consumer. */
export const consumerIdSchema = {
  ...consumerIdRule,
  description: 'Id of the consumer, chosen by the workspace.',
} as const;

/** JSON Schemas of the request bodies. */
export const consumerBodySchemas = {
  create: {
    type: 'object',
    properties: { id: consumerIdSchema, ...details },
    required: ['id'],
    additionalProperties: false,
    'x-field-hints': { uid: 'id', consumer_id: 'id', email: 'contact' },
  },
  change: {
    type: 'object',
    properties: details,
    required: [],
    additionalProperties: false,
    'x-field-hints': { email: 'contact' },
  },
} as const;
