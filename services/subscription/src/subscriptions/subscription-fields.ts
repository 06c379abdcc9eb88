import {
  bodyFormats,
  consumerId,
  exhaustionPolicies,
  onEnablePolicies,
  orderings,
  type SealedHeader,
  signatureStyles,
  subscriptionId,
} from '@tidings/contracts';
import { exactly, shape } from '../registry/document-kind.ts';
import { nextExpiryMs } from './domain/signing-secrets.ts';
import { type Settings, type Subscription, verifications } from './domain/subscription.ts';
import type { CertificateInfo, StoredTls } from './domain/tls-material.ts';

type CertificateFields = Readonly<{ fingerprint: string; expires_at_ms: number }>;

/** The fields of a subscription as MongoDB stores them. Times are epoch milliseconds. */
export type SubscriptionFields = Readonly<{
  consumer_id: string | null;
  enabled_version: number;
  counted_version: number;
  on_enable: Subscription['onEnable'];
  endpoint_url: string;
  description: string | null;
  events: readonly string[];
  /** JSON text, because the keys of a filter contain dots and dollars, which MongoDB field names must not. */
  filters_json: string | null;
  ordering: Settings['ordering'];
  on_exhausted: Settings['onExhausted'];
  format: Settings['format'];
  signature_style: Settings['signatureStyle'];
  /** A list, because header names may contain dots and dollars too. */
  headers: readonly Readonly<{ name: string; value: string }>[];
  secret_headers: readonly SealedHeader[];
  verify: Settings['verify'];
  request_origin: string | null;
  timeout_ms: number;
  retry_schedule_seconds: readonly number[];
  rate_limit: Readonly<{ per_second: number; burst: number }> | null;
  max_in_flight: number;
  tls: Readonly<{
    sealed: string;
    ca: readonly CertificateFields[];
    certificate: readonly CertificateFields[];
  }> | null;
  /** Newest first. */
  secrets: readonly Readonly<{
    id: string;
    sealed: string;
    public_key: string | null;
    created_at_ms: number;
    expires_at_ms: number | null;
  }>[];
  /** The smallest `expires_at_ms`, by which expired secrets are found. */
  next_secret_expiry_ms: number | null;
  disabled_at_ms: number | null;
  disabled_reason: string | null;
  test_owed: boolean;
}>;

const certificates = {
  type: 'array',
  items: exactly({ fingerprint: shape.text, expires_at_ms: shape.count }),
};

/** The schema of the fields. */
export const fields = {
  consumer_id: shape.nullableText,
  enabled_version: shape.count,
  counted_version: shape.count,
  on_enable: { enum: onEnablePolicies },
  endpoint_url: shape.text,
  description: shape.nullableText,
  events: { type: 'array', items: shape.text, minItems: 1 },
  filters_json: shape.nullableText,
  ordering: { enum: orderings },
  on_exhausted: { enum: exhaustionPolicies },
  format: { enum: bodyFormats },
  signature_style: { enum: signatureStyles },
  headers: { type: 'array', items: exactly({ name: shape.text, value: shape.text }) },
  secret_headers: { type: 'array', items: exactly({ name: shape.text, sealed: shape.text }) },
  verify: { enum: verifications },
  request_origin: shape.nullableText,
  timeout_ms: { type: 'integer', minimum: 1 },
  retry_schedule_seconds: { type: 'array', items: shape.count },
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
  tls: {
    oneOf: [{ type: 'null' }, exactly({ sealed: shape.text, ca: certificates, certificate: certificates })],
  },
  secrets: {
    type: 'array',
    items: exactly({
      id: shape.text,
      sealed: shape.text,
      public_key: shape.nullableText,
      created_at_ms: shape.count,
      expires_at_ms: shape.nullableCount,
    }),
  },
  next_secret_expiry_ms: shape.nullableCount,
  disabled_at_ms: shape.nullableCount,
  disabled_reason: shape.nullableText,
  test_owed: shape.flag,
};

const certificateFields = ({ fingerprint, expiresAtMs }: CertificateInfo): CertificateFields => ({
  fingerprint,
  expires_at_ms: expiresAtMs,
});

const certificateInfo = (document: CertificateFields): CertificateInfo => ({
  fingerprint: document.fingerprint,
  expiresAtMs: document.expires_at_ms,
});

const tlsFields = (tls: StoredTls | null): SubscriptionFields['tls'] =>
  tls === null
    ? null
    : {
        sealed: tls.sealed,
        ca: tls.ca.map(certificateFields),
        certificate: tls.certificate.map(certificateFields),
      };

const tlsOf = (document: SubscriptionFields['tls']): StoredTls | null =>
  document === null
    ? null
    : {
        sealed: document.sealed,
        ca: document.ca.map(certificateInfo),
        certificate: document.certificate.map(certificateInfo),
      };

/** Returns the fields of a subscription. */
export const toFields = ({ settings, ...subscription }: Subscription): SubscriptionFields => ({
  consumer_id: subscription.consumerId,
  enabled_version: subscription.enabledVersion,
  counted_version: subscription.countedVersion,
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
  secret_headers: settings.secretHeaders,
  verify: settings.verify,
  request_origin: settings.requestOrigin,
  timeout_ms: settings.timeoutMs,
  retry_schedule_seconds: settings.retryScheduleSeconds,
  rate_limit:
    settings.rateLimit === null
      ? null
      : { per_second: settings.rateLimit.perSecond, burst: settings.rateLimit.burst },
  max_in_flight: settings.maxInFlight,
  tls: tlsFields(settings.tls),
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
  test_owed: subscription.isTestPending,
});

const settingsOf = (document: SubscriptionFields): Settings => ({
  endpointUrl: document.endpoint_url,
  description: document.description,
  events: document.events,
  filters: document.filters_json === null ? null : (JSON.parse(document.filters_json) as Settings['filters']),
  ordering: document.ordering,
  onExhausted: document.on_exhausted,
  format: document.format,
  signatureStyle: document.signature_style,
  headers: Object.fromEntries(document.headers.map(({ name, value }) => [name, value])),
  secretHeaders: document.secret_headers,
  verify: document.verify,
  requestOrigin: document.request_origin,
  timeoutMs: document.timeout_ms,
  retryScheduleSeconds: document.retry_schedule_seconds,
  rateLimit:
    document.rate_limit === null
      ? null
      : { perSecond: document.rate_limit.per_second, burst: document.rate_limit.burst },
  maxInFlight: document.max_in_flight,
  tls: tlsOf(document.tls),
});

/** Returns the subscription's own properties from the fields of a document. */
export const fromFields = (document: SubscriptionFields & Readonly<{ _id: string; state: string }>) => ({
  id: subscriptionId(document._id),
  consumerId: document.consumer_id === null ? null : consumerId(document.consumer_id),
  state: document.state as Subscription['state'],
  enabledVersion: document.enabled_version,
  countedVersion: document.counted_version,
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
  isTestPending: document.test_owed,
});
