import type { ConsumerId, SubscriptionId, WorkspaceId } from './ids.ts';
import { type BodyFormat, bodyFormats } from './outcome.ts';
import { compileSchema, exactly, parseJson, shape } from './schemas.ts';
import { DecodeError, type WireRecord } from './wire.ts';

/** none: no promise. key: events of one ordering key in order. subscription: all in order of the deliveries partition. */
export const orderings = ['none', 'key', 'subscription'] as const;
/** See {@link orderings}. */
export type Ordering = (typeof orderings)[number];

/** What happens to an ordering key whose head has used up its schedule: it waits for a person, or goes on. */
export const exhaustionPolicies = ['block', 'skip'] as const;
/** See {@link exhaustionPolicies}. */
export type ExhaustionPolicy = (typeof exhaustionPolicies)[number];

/** What becomes of that which gathered in dead-letters while a subscription was disabled. */
export const onEnablePolicies = ['redrive', 'discard'] as const;
/** See {@link onEnablePolicies}. */
export type OnEnable = (typeof onEnablePolicies)[number];

/** How requests are signed. */
export const signatureStyles = ['v1', 'v1a', 'plain'] as const;
/** See {@link signatureStyles}. */
export type SignatureStyle = (typeof signatureStyles)[number];

/** A signing secret, sealed. The associated data are workspace id, subscription id and `secrets`. */
export type SealedSecret = Readonly<{
  id: string;
  sealed: string;
  createdAtMs: number;
  /** Judged when signing: from here on it no longer signs. null is the current one. */
  expiresAtMs: number | null;
}>;

/**
 * What TLS to an endpoint needs besides the public authorities: JSON `{ ca?, cert?, key? }`, all PEM, sealed. The associated
 * data are workspace id, subscription id and `tls`.
 */
export type SealedTls = Readonly<{ sealed: string }>;

/**
 * A custom header whose value is a credential, sealed. The associated data are workspace id, subscription id and
 * {@link sealedHeaderField} of its name.
 */
export type SealedHeader = Readonly<{ name: string; sealed: string }>;

/** The field that a sealed header belongs to: a value opens under its own name only. */
export const sealedHeaderField = (name: string): string => `headers.${name.toLowerCase()}`;

/** A subscription as the compacted topic carries it: all that matching and delivering need. */
export type SubscriptionRecord = Readonly<{
  type: 'SubscriptionChanged.v1';
  id: SubscriptionId;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  /** `operational` ones receive `tidings.*` events about the workspace itself. */
  kind: 'webhook' | 'operational';
  /** A deleted one stays as a version for 15 days: what waits for it is suppressed, not taken for unknown. */
  state: 'active' | 'disabled' | 'deleted';
  /** Grows by one at each write. The newest version wins, in whatever order versions arrive. */
  version: number;
  /** The version that enabled it last. */
  enabledVersion: number;
  /** Attempts of older versions do not count for endpoint health: the subscription was enabled then, or its endpoint is another. */
  countedVersion: number;
  /** What the caller who enabled it (`enabledVersion`) wanted done with what waits in dead-letters. */
  onEnable: OnEnable;
  endpointUrl: string;
  events: readonly string[];
  /** A filter on the data, checked when it was written; null matches all. */
  filters: Readonly<Record<string, unknown>> | null;
  ordering: Ordering;
  onExhausted: ExhaustionPolicy;
  format: BodyFormat;
  signatureStyle: SignatureStyle;
  /** Newest first. */
  secrets: readonly SealedSecret[];
  /** Absent: the public authorities are trusted, and no client certificate is shown. */
  tls?: SealedTls;
  headers: Readonly<Record<string, string>>;
  /** Sent beside `headers`; no name is in both. */
  secretHeaders: readonly SealedHeader[];
  /** What the endpoint was asked to consent to, sent as WebHook-Request-Origin; null when it was not asked. */
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
    { tls: exactly({ sealed: shape.text }) },
  ),
);

/** The record of a subscription's newest version. The key is its id. */
export const encodeSubscription = (subscription: SubscriptionRecord): WireRecord => ({
  key: subscription.id,
  headers: {},
  value: Buffer.from(JSON.stringify(subscription)),
});

// Fields that records of earlier releases do not have.
const withDefaults = (record: unknown): unknown => {
  if (typeof record !== 'object' || record === null) return record;
  const countedVersion = 'enabledVersion' in record ? record.enabledVersion : 1;
  return { countedVersion, onEnable: 'redrive', secretHeaders: [], requestOrigin: null, ...record };
};

/** Decodes a record of the subscriptions topic that is no tombstone. Throws DecodeError. */
export const decodeSubscription = (record: WireRecord): SubscriptionRecord => {
  if (record.value === null)
    throw new DecodeError('not a valid SubscriptionChanged.v1', 'the value is missing');
  return checkSubscription(withDefaults(parseJson('SubscriptionChanged.v1', record.value.toString('utf8'))));
};

/** The default schedule: seconds before each attempt after the first (eight attempts over about 17.6 hours). */
export const defaultRetryScheduleSeconds: readonly number[] = [5, 60, 300, 1_800, 7_200, 18_000, 36_000];

/** The short schedule, for endpoints that would rather see a dead letter soon. */
export const shortRetryScheduleSeconds: readonly number[] = [60, 300, 1_800];
