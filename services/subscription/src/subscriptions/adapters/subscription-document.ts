import {
  bodyFormats,
  consumerId,
  exhaustionPolicies,
  onEnablePolicies,
  orderings,
  signatureStyles,
  subscriptionId,
  workspaceId,
} from '@tidings/contracts';
import { documentReader } from '../../registry/adapters/document-reader.ts';
import { nextExpiryMs } from '../domain/signing-secrets.ts';
import type { Settings, Subscription } from '../domain/subscription.ts';

/** A subscription as MongoDB holds it. Times are epoch milliseconds. */
export type SubscriptionDocument = Readonly<{
  _id: string;
  schema_version: 2;
  workspace_id: string;
  consumer_id: string | null;
  state: Subscription['state'];
  version: number;
  enabled_version: number;
  on_enable: Subscription['onEnable'];
  endpoint_url: string;
  description: string | null;
  events: readonly string[];
  /** JSON text: a filter's own keys hold dots and dollars, which are not field names to MongoDB. */
  filters_json: string | null;
  ordering: Settings['ordering'];
  on_exhausted: Settings['onExhausted'];
  format: Settings['format'];
  signature_style: Settings['signatureStyle'];
  /** A list, since header names may hold dots and dollars too. */
  headers: readonly Readonly<{ name: string; value: string }>[];
  timeout_ms: number;
  retry_schedule_seconds: readonly number[];
  rate_limit: Readonly<{ per_second: number; burst: number }> | null;
  max_in_flight: number;
  /** Newest first. */
  secrets: readonly Readonly<{
    id: string;
    sealed: string;
    public_key: string | null;
    created_at_ms: number;
    expires_at_ms: number | null;
  }>[];
  /** The smallest `expires_at_ms`, so that ended secrets can be found. */
  next_secret_expiry_ms: number | null;
  disabled_at_ms: number | null;
  disabled_reason: string | null;
  created_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
  unpublished: boolean;
}>;

const text = { type: 'string', minLength: 1 };
const nullableText = { type: ['string', 'null'] };
const count = { type: 'integer', minimum: 0 };
const nullableCount = { type: ['integer', 'null'], minimum: 0 };
const exactly = (properties: object): object => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const schema = exactly({
  _id: text,
  schema_version: { const: 2 },
  workspace_id: text,
  consumer_id: nullableText,
  state: { enum: ['active', 'disabled', 'deleted'] },
  version: { type: 'integer', minimum: 1 },
  enabled_version: count,
  on_enable: { enum: onEnablePolicies },
  endpoint_url: text,
  description: nullableText,
  events: { type: 'array', items: text, minItems: 1 },
  filters_json: nullableText,
  ordering: { enum: orderings },
  on_exhausted: { enum: exhaustionPolicies },
  format: { enum: bodyFormats },
  signature_style: { enum: signatureStyles },
  headers: { type: 'array', items: exactly({ name: text, value: text }) },
  timeout_ms: { type: 'integer', minimum: 1 },
  retry_schedule_seconds: { type: 'array', items: count },
  rate_limit: {
    oneOf: [
      { type: 'null' },
      exactly({
        per_second: { type: 'number', exclusiveMinimum: 0 },
        burst: { type: 'integer', minimum: 1 },
      }),
    ],
  },
  max_in_flight: { type: 'integer', minimum: 1 },
  secrets: {
    type: 'array',
    items: exactly({
      id: text,
      sealed: text,
      public_key: nullableText,
      created_at_ms: count,
      expires_at_ms: nullableCount,
    }),
  },
  next_secret_expiry_ms: nullableCount,
  disabled_at_ms: nullableCount,
  disabled_reason: nullableText,
  created_at_ms: count,
  updated_at_ms: count,
  deleted_at_ms: nullableCount,
  unpublished: { type: 'boolean' },
});

/**
 * Checks a document from the database, brought up to the present schema first. Throws AppError `undecodable`. A change
 * of the schema adds the step from the old version here; documents are rewritten when they are next changed.
 */
export const readSubscriptionDocument = documentReader<SubscriptionDocument>({
  name: 'subscription',
  schema,
  schemaVersion: 2,
  steps: { 1: (document) => ({ ...document, on_enable: 'redrive' }) },
});

/** The document of a version. */
export function toDocument({ settings, ...subscription }: Subscription): SubscriptionDocument {
  return {
    _id: subscription.id,
    schema_version: 2,
    workspace_id: subscription.workspaceId,
    consumer_id: subscription.consumerId,
    state: subscription.state,
    version: subscription.version,
    enabled_version: subscription.enabledVersion,
    on_enable: subscription.onEnable,
    endpoint_url: settings.endpointUrl,
    description: settings.description,
    events: settings.events,
    filters_json: settings.filters === null ? null : JSON.stringify(settings.filters),
    ordering: settings.ordering,
    on_exhausted: settings.onExhausted,
    format: settings.format,
    signature_style: settings.signatureStyle,
    headers: Object.entries(settings.headers).map(([name, value]) => ({ name, value })),
    timeout_ms: settings.timeoutMs,
    retry_schedule_seconds: settings.retryScheduleSeconds,
    rate_limit:
      settings.rateLimit === null
        ? null
        : { per_second: settings.rateLimit.perSecond, burst: settings.rateLimit.burst },
    max_in_flight: settings.maxInFlight,
    secrets: subscription.secrets.map((secret) => ({
      id: secret.id,
      sealed: secret.sealed,
      public_key: secret.publicKey,
      created_at_ms: secret.createdAtMs,
      expires_at_ms: secret.expiresAtMs,
    })),
    next_secret_expiry_ms: nextExpiryMs(subscription.secrets),
    disabled_at_ms: subscription.disabledAtMs,
    disabled_reason: subscription.disabledReason,
    created_at_ms: subscription.createdAtMs,
    updated_at_ms: subscription.updatedAtMs,
    deleted_at_ms: subscription.deletedAtMs,
    unpublished: subscription.isUnpublished,
  };
}

function settingsOf(document: SubscriptionDocument): Settings {
  return {
    endpointUrl: document.endpoint_url,
    description: document.description,
    events: document.events,
    filters:
      document.filters_json === null ? null : (JSON.parse(document.filters_json) as Settings['filters']),
    ordering: document.ordering,
    onExhausted: document.on_exhausted,
    format: document.format,
    signatureStyle: document.signature_style,
    headers: Object.fromEntries(document.headers.map(({ name, value }) => [name, value])),
    timeoutMs: document.timeout_ms,
    retryScheduleSeconds: document.retry_schedule_seconds,
    rateLimit:
      document.rate_limit === null
        ? null
        : { perSecond: document.rate_limit.per_second, burst: document.rate_limit.burst },
    maxInFlight: document.max_in_flight,
  };
}

/** The version that a checked document holds. */
export const fromDocument = (document: SubscriptionDocument): Subscription => ({
  id: subscriptionId(document._id),
  workspaceId: workspaceId(document.workspace_id),
  consumerId: document.consumer_id === null ? null : consumerId(document.consumer_id),
  state: document.state,
  version: document.version,
  enabledVersion: document.enabled_version,
  onEnable: document.on_enable,
  settings: settingsOf(document),
  secrets: document.secrets.map((secret) => ({
    id: secret.id,
    sealed: secret.sealed,
    publicKey: secret.public_key,
    createdAtMs: secret.created_at_ms,
    expiresAtMs: secret.expires_at_ms,
  })),
  disabledAtMs: document.disabled_at_ms,
  disabledReason: document.disabled_reason,
  createdAtMs: document.created_at_ms,
  updatedAtMs: document.updated_at_ms,
  deletedAtMs: document.deleted_at_ms,
  isUnpublished: document.unpublished,
});
