import {
  consumerIdRule,
  maxPayloadBytesRule,
  type SourceAudience,
  sourceAudiences,
} from '@tidings/contracts';
import { limits } from '../../subscriptions/domain/limits.ts';
import type { SourceOptions } from './source.ts';

/** POST: a new source. */
export type SourceBody = Readonly<{
  provider: string;
  name: string;
  secrets: readonly string[];
  audience?: SourceAudience;
  consumer_id?: string | null;
  spool?: boolean | null;
  max_payload_bytes?: number | null;
  options?: SourceOptions;
}>;

/** PATCH: a merge patch (RFC 7396). */
export type SourceChangeBody = Readonly<{
  name?: string;
  audience?: SourceAudience;
  consumer_id?: string | null;
  spool?: boolean | null;
  max_payload_bytes?: number | null;
  options?: Readonly<Record<string, string | number | null>> | null;
}>;

/** POST …/rotate. */
export type SourceRotateBody = Readonly<{ secret: string; overlap_seconds?: number }>;

/** Limits of sources. `secrets`: that may be valid at one time. */
export const sourceLimits = { perWorkspace: 200, secrets: 5, nameLength: 200, secretLength: 1_024 } as const;

const secret = {
  type: 'string',
  minLength: 1,
  maxLength: sourceLimits.secretLength,
  writeOnly: true,
  description: 'A secret that the provider uses, or its public key.',
} as const;

const settings = {
  name: { type: 'string', minLength: 1, maxLength: sourceLimits.nameLength, description: 'For people.' },
  audience: {
    type: 'string',
    enum: sourceAudiences,
    description:
      'Who receives the events. `internal`: subscriptions of the workspace with `audience: internal`. `broadcast`: as published events. ' +
      '`addressed`: the consumer of `consumer_id`, and the workspace.',
  },
  consumer_id: {
    ...consumerIdRule,
    type: ['string', 'null'],
    description: 'The consumer of an addressed source.',
  },
  spool: {
    type: ['boolean', 'null'],
    description:
      'Whether ingress accepts its webhooks while the log does not acknowledge, and keeps them on its disk until it does. ' +
      'Null: only for a provider that never repeats a webhook.',
  },
  max_payload_bytes: {
    ...maxPayloadBytesRule,
    type: ['integer', 'null'],
    description:
      "Maximum size of a webhook, in bytes; larger ones are refused with 413. The provider's maximum and that of the installation hold as well. Null: these alone.",
  },
} as const;

const options = {
  type: 'object',
  additionalProperties: { type: ['string', 'number'] },
  description: 'Options of the provider; see the page about sources.',
} as const;

const hints = { title: 'name', description: 'name', config: 'options' };

const rotate = {
  type: 'object',
  properties: {
    secret,
    overlap_seconds: {
      type: 'integer',
      minimum: 0,
      maximum: limits.overlapSeconds.max,
      description: 'Seconds for which the old secrets stay valid. Default: set by the operator (600).',
    },
  },
  required: ['secret'],
  additionalProperties: false,
  'x-field-hints': { new_secret: 'secret', overlap: 'overlap_seconds' },
} as const;

/** JSON Schemas of the request bodies. `providers`: the names that exist. */
export const sourceBodySchemas = (providers: readonly string[]) =>
  ({
    create: {
      type: 'object',
      properties: {
        provider: { type: 'string', enum: providers, description: 'Who sends the webhooks.' },
        ...settings,
        audience: { ...settings.audience, default: 'internal' },
        secrets: {
          type: 'array',
          items: secret,
          minItems: 1,
          maxItems: sourceLimits.secrets,
          uniqueItems: true,
          description: 'Secrets of the provider, the newest first; each is valid.',
        },
        options,
      },
      required: ['provider', 'name', 'secrets'],
      additionalProperties: false,
      'x-field-hints': { ...hints, type: 'provider', secret: 'secrets', signing_secret: 'secrets' },
    },
    change: {
      type: 'object',
      properties: {
        ...settings,
        options: {
          ...options,
          type: ['object', 'null'],
          additionalProperties: { type: ['string', 'number', 'null'] },
        },
      },
      additionalProperties: false,
      'x-field-hints': hints,
    },
    rotate,
  }) as const;
