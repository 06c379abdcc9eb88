import type { OnEnable, SubscriptionRecord } from '@tidings/contracts';
import { consumerIdRule, onEnablePolicies } from '@tidings/contracts';
import { choice } from './event-settings.ts';
import type { SecretHeadersBody } from './header-rules.ts';
import { limits } from './limits.ts';
import { eachField, hintsOf } from './setting.ts';
import { type SettingsBody, settingsTable } from './settings.ts';
import type { TlsBody } from './tls-material.ts';

/** POST: the settings, and the fields that only a new subscription accepts. */
export type CreateBody = SettingsBody &
  Readonly<{
    endpoint_url: string;
    events: readonly string[];
    consumer_id?: string | null;
    /** Derived from the events when omitted. */
    kind?: SubscriptionRecord['kind'];
    is_active?: boolean;
    secret?: string;
    send_test?: boolean;
  }>;

/** The fields that a PATCH names, as they are after the merge. */
export type MergedBody = SettingsBody & Readonly<{ is_active?: boolean }>;

type Patched<T> = Readonly<{ [Name in keyof T]?: T[Name] | null }>;

/** PATCH: a merge patch (RFC 7396). Objects may be partial, and null removes a property. */
export type ChangeBody = Omit<MergedBody, 'headers' | 'secret_headers' | 'rate_limit' | 'tls'> &
  Readonly<{
    headers?: Readonly<Record<string, string | null>> | null;
    secret_headers?: SecretHeadersBody | null;
    rate_limit?: Patched<NonNullable<SettingsBody['rate_limit']>> | null;
    tls?: Patched<TlsBody> | null;
  }>;

/** POST …/enable: what to do with the dead letters (`waiting`). Default: redrive. */
export type EnableBody = Readonly<{ waiting?: OnEnable }>;

/** POST …/disable. */
export type DisableBody = Readonly<{ reason?: string }>;

/** POST …/rotate-secret. */
export type RotateBody = Readonly<{ overlap_seconds?: number; secret?: string }>;

// Names that Svix, Stripe and others use for these fields.
const hints = {
  ...hintsOf(settingsTable),
  ...{ disabled: 'is_active', enabled: 'is_active', active: 'is_active' },
  ...{ state: 'is_active', status: 'is_active' },
};

const secret = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  writeOnly: true,
  description: 'Signing secret of your own (`whsec_…`, or `whsk_…` for v1a). Default: a generated one.',
} as const;
const isActive = { type: 'boolean', description: 'Whether the subscription receives events.' } as const;

const object = (properties: object, more: object = {}): Readonly<Record<string, unknown>> => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
});

const required = Object.values(settingsTable).flatMap((row) =>
  row.wire !== null && row.default === undefined ? [row.wire] : [],
);

/** JSON Schemas of the bodies above. The domain then checks the rules that a schema cannot express. */
export const bodySchemas = {
  create: object(
    {
      ...eachField(settingsTable, (row) =>
        row.default === undefined ? row.schema : { ...row.schema, default: row.default },
      ),
      consumer_id: {
        ...consumerIdRule,
        type: ['string', 'null'],
        description:
          'Consumer that owns the subscription. Default: the consumer of the key; null: the workspace itself.',
      },
      kind: choice(
        ['webhook', 'operational'],
        'Events that the subscription receives: those of publishers, or those of Tidings itself. Default: determined by `events`.',
      ),
      is_active: { ...isActive, default: true },
      send_test: {
        type: 'boolean',
        default: true,
        description: 'Sends one `webhook.test` as soon as the subscription is propagated.',
      },
      secret,
    },
    {
      required,
      'x-field-hints': {
        ...hints,
        signing_secret: 'secret',
        application: 'consumer_id',
        customer_id: 'consumer_id',
        tenant_id: 'consumer_id',
      },
    },
  ),
  change: object(
    { ...eachField(settingsTable, ({ patchSchema }) => patchSchema), is_active: isActive },
    { 'x-field-hints': hints },
  ),
  merged: object({ ...eachField(settingsTable, ({ schema }) => schema), is_active: isActive }),
  enable: object({
    waiting: {
      ...choice(
        onEnablePolicies,
        'Treatment of the dead letters that were written while the subscription was disabled.',
      ),
      default: 'redrive',
    },
  }),
  disable: object({
    reason: {
      type: 'string',
      minLength: 1,
      maxLength: limits.reasonLength,
      default: 'manual',
      description: 'Reason, shown as `disabled_reason`.',
    },
  }),
  rotate: object(
    {
      overlap_seconds: {
        type: 'integer',
        minimum: 0,
        maximum: limits.overlapSeconds.max,
        description:
          'Seconds for which the old secrets sign beside the new one. Default: set by the operator (600).',
      },
      secret,
    },
    { 'x-field-hints': { key: 'secret', new_secret: 'secret', overlap: 'overlap_seconds' } },
  ),
  nothing: object({}),
} as const;
