import { consumerId, onEnablePolicies, subscriptionId } from '@tidings/contracts';
import { exactly, shape } from '../registry/domain/document-schema.ts';
import { fromStoredFields, storedFields, storedSchemas } from './domain/setting.ts';
import { type Settings, settingsTable } from './domain/settings.ts';
import { nextExpiryMs } from './domain/signing-secrets.ts';
import type { Subscription } from './domain/subscription.ts';

// The fields of a document besides those of its settings. Times are epoch milliseconds.
type OwnFields = Readonly<{
  consumer_id: string | null;
  enabled_version: number;
  counted_version: number;
  on_enable: Subscription['onEnable'];
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

/** The fields of a subscription as MongoDB stores them. `settingsTable` declares the form of each setting. */
export type SubscriptionFields = OwnFields & Readonly<Record<string, unknown>>;

/** The schema of the fields. */
export const fields = {
  consumer_id: shape.nullableText,
  enabled_version: shape.count,
  counted_version: shape.count,
  on_enable: { enum: onEnablePolicies },
  ...storedSchemas(settingsTable),
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
} satisfies Record<keyof OwnFields, object>;

/** Returns the fields of a subscription. */
export const toFields = ({ settings, ...subscription }: Subscription): SubscriptionFields => ({
  consumer_id: subscription.consumerId,
  enabled_version: subscription.enabledVersion,
  counted_version: subscription.countedVersion,
  on_enable: subscription.onEnable,
  ...storedFields(settingsTable, settings),
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

/** Returns the subscription's own properties from the fields of a document. */
export const fromFields = (document: SubscriptionFields & Readonly<{ _id: string; state: string }>) => ({
  id: subscriptionId(document._id),
  consumerId: document.consumer_id === null ? null : consumerId(document.consumer_id),
  state: document.state as Subscription['state'],
  enabledVersion: document.enabled_version,
  countedVersion: document.counted_version,
  onEnable: document.on_enable,
  settings: fromStoredFields(settingsTable, document) as Settings,
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
