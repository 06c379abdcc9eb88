import { type BodyFormat, bodyFormats } from '../deliveries/outcome.ts';
import type { ConsumerId, SubscriptionId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/**
 * Ordering guarantees. none: no order. key: events of one ordering key in order. subscription: all events, in the order
 * of the deliveries partition.
 */
export const orderings = ['none', 'key', 'subscription'] as const;
/** See {@link orderings}. */
export type Ordering = (typeof orderings)[number];

/** Treatment of an ordering key whose head has exhausted its schedule: block until an operator acts, or skip it. */
export const exhaustionPolicies = ['block', 'skip'] as const;
/** See {@link exhaustionPolicies}. */
export type ExhaustionPolicy = (typeof exhaustionPolicies)[number];

/** Treatment of the dead letters that were written while a subscription was disabled. */
export const onEnablePolicies = ['redrive', 'discard'] as const;
/** See {@link onEnablePolicies}. */
export type OnEnable = (typeof onEnablePolicies)[number];

/** Request signature schemes. */
export const signatureStyles = ['v1', 'v1a', 'plain'] as const;
/** See {@link signatureStyles}. */
export type SignatureStyle = (typeof signatureStyles)[number];

/**
 * Audiences of subscriptions. internal: receives internal events of sources in addition, and belongs to the workspace
 * itself.
 */
export const subscriptionAudiences = ['external', 'internal'] as const;
/** See {@link subscriptionAudiences}. */
export type SubscriptionAudience = (typeof subscriptionAudiences)[number];

/**
 * Forms in which a subscription receives events whose data are too large for a record. full: with their data. reference:
 * with a reference to them. skip: not at all.
 */
export const largePayloadForms = ['full', 'reference', 'skip'] as const;
/** See {@link largePayloadForms}. */
export type LargePayloads = (typeof largePayloadForms)[number];

/** A secret, sealed. The associated data are workspace id, the id of its subscription or source, and `secrets`. */
export type SealedSecret = Readonly<{
  id: string;
  sealed: string;
  createdAtMs: number;
  /** Checked when signing: the secret no longer signs from this time on. null for the current secret. */
  expiresAtMs: number | null;
}>;

/**
 * TLS settings of an endpoint beyond the public authorities: JSON `{ ca?, cert?, key? }`, all PEM, sealed. The
 * associated data are workspace id, subscription id and `tls`.
 */
export type SealedTls = Readonly<{ sealed: string }>;

/**
 * A custom header whose value is a credential, sealed. The associated data are workspace id, subscription id and
 * {@link sealedHeaderField} of its name.
 */
export type SealedHeader = Readonly<{ name: string; sealed: string }>;

/** Returns the field of a sealed header: a value can be unsealed under its own name only. */
export const sealedHeaderField = (name: string): string => `headers.${name.toLowerCase()}`;

/** A subscription as the compacted topic carries it: all that matching and delivery require. */
export type SubscriptionRecord = Readonly<{
  type: 'SubscriptionChanged.v1';
  id: SubscriptionId;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  /** `operational` subscriptions receive `tidings.*` events about the workspace itself. */
  kind: 'webhook' | 'operational';
  /**
   * A deleted subscription stays as a version for 15 days: its pending commands are suppressed, not treated as unknown.
   */
  state: 'active' | 'disabled' | 'deleted';
  /** Grows by one at each write. The newest version wins, regardless of the order of arrival. */
  version: number;
  /** Version that last enabled the subscription. */
  enabledVersion: number;
  /**
   * Attempts of older versions do not count for endpoint health: this one enabled the subscription or changed its
   * endpoint.
   */
  countedVersion: number;
  /** Treatment of its dead letters that the caller who enabled it (`enabledVersion`) requested. */
  onEnable: OnEnable;
  endpointUrl: string;
  events: readonly string[];
  /** Absent: external, as in records of earlier releases. */
  audience?: SubscriptionAudience;
  /** Filter on the data, validated when it was written; null matches all events. */
  filters: Readonly<Record<string, unknown>> | null;
  ordering: Ordering;
  onExhausted: ExhaustionPolicy;
  format: BodyFormat;
  /** Absent: full, as in records of earlier releases. */
  largePayloads?: LargePayloads;
  signatureStyle: SignatureStyle;
  /** Newest first. */
  secrets: readonly SealedSecret[];
  /** Absent: the public authorities are trusted, and no client certificate is presented. */
  tls?: SealedTls;
  headers: Readonly<Record<string, string>>;
  /** Sent beside `headers`; the two share no name. */
  secretHeaders: readonly SealedHeader[];
  /**
   * Origin for which the endpoint's consent was requested, sent as WebHook-Request-Origin; null if none was requested.
   */
  requestOrigin: string | null;
  timeoutMs: number;
  /** Seconds before each attempt after the first. */
  retryScheduleSeconds: readonly number[];
  rateLimit: Readonly<{ perSecond: number; burst: number }> | null;
  maxInFlight: number;
  disabledReason: string | null;
}>;

const checkSubscription = compileSchema<SubscriptionRecord>(
  'SubscriptionChanged.v1',
  exactly(
    {
      type: { const: 'SubscriptionChanged.v1' },
      id: shape.subscriptionId,
      workspaceId: shape.workspaceId,
      consumerId: shape.nullableText,
      kind: { enum: ['webhook', 'operational'] },
      state: { enum: ['active', 'disabled', 'deleted'] },
      version: { type: 'integer', minimum: 1 },
      enabledVersion: shape.count,
      countedVersion: shape.count,
      onEnable: { enum: onEnablePolicies },
      endpointUrl: shape.text,
      events: { type: 'array', items: shape.text },
      filters: { type: ['object', 'null'] },
      ordering: { enum: orderings },
      onExhausted: { enum: exhaustionPolicies },
      format: { enum: bodyFormats },
      signatureStyle: { enum: signatureStyles },
      secrets: {
        type: 'array',
        items: exactly({
          id: shape.text,
          sealed: shape.text,
          createdAtMs: shape.epochMs,
          expiresAtMs: shape.nullableEpochMs,
        }),
      },
      headers: { type: 'object', additionalProperties: { type: 'string' } },
      secretHeaders: { type: 'array', items: exactly({ name: shape.text, sealed: shape.text }) },
      requestOrigin: shape.nullableText,
      timeoutMs: { type: 'integer', minimum: 1 },
      retryScheduleSeconds: { type: 'array', items: shape.count, maxItems: 20 },
      rateLimit: {
        oneOf: [
          { type: 'null' },
          exactly({
            perSecond: { type: 'number', exclusiveMinimum: 0 },
            burst: { type: 'integer', minimum: 1 },
          }),
        ],
      },
      maxInFlight: { type: 'integer', minimum: 1 },
      disabledReason: shape.nullableText,
    },
    {
      audience: { enum: subscriptionAudiences },
      largePayloads: { enum: largePayloadForms },
      tls: exactly({ sealed: shape.text }),
    },
  ),
);

/** Encodes a subscription's newest version. The key is its id. */
export const encodeSubscription = (subscription: SubscriptionRecord): WireRecord => ({
  key: subscription.id,
  headers: {},
  value: Buffer.from(JSON.stringify(subscription)),
});

// Supplies fields that records of earlier releases do not have.
const withDefaults = (record: unknown): unknown => {
  if (typeof record !== 'object' || record === null) return record;
  const countedVersion = 'enabledVersion' in record ? record.enabledVersion : 1;
  return { countedVersion, onEnable: 'redrive', secretHeaders: [], requestOrigin: null, ...record };
};

/** Decodes a record of the subscriptions topic other than a tombstone. Throws DecodeError. */
export const decodeSubscription = (record: WireRecord): SubscriptionRecord => {
  if (record.value === null)
    throw new DecodeError('not a valid SubscriptionChanged.v1', 'the value is missing');
  return checkSubscription(withDefaults(parseJson('SubscriptionChanged.v1', record.value.toString('utf8'))));
};

/** Default schedule: seconds before each attempt after the first (eight attempts over about 17.6 hours). */
export const defaultRetryScheduleSeconds: readonly number[] = [5, 60, 300, 1_800, 7_200, 18_000, 36_000];

/** Short schedule, for endpoints that prefer an early dead letter. */
export const shortRetryScheduleSeconds: readonly number[] = [60, 300, 1_800];
