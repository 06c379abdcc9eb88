import type {
  ConsumerId,
  OnEnable,
  SubscriptionId,
  SubscriptionRecord,
  WorkspaceId,
} from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';
import { kindOf } from './event-rules.ts';
import { eventSettings } from './event-settings.ts';
import { requestSettings } from './request-settings.ts';
import { onTopic } from './setting.ts';
import type { Settings } from './settings.ts';
import { type StoredSecret, unexpired } from './signing-secrets.ts';

/** One version of a subscription as the registry stores it. */
export type Subscription = Versioned &
  Readonly<{
    id: SubscriptionId;
    consumerId: ConsumerId | null;
    /** active ⇄ disabled, and from either to deleted, which is final. */
    state: 'active' | 'disabled' | 'deleted';
    enabledVersion: number;
    /** The first version whose attempts count. Older ones precede the last enabling or used another endpoint. */
    countedVersion: number;
    /** The treatment of dead letters that was chosen when the subscription was last enabled. */
    onEnable: OnEnable;
    settings: Settings;
    /** Newest first. */
    secrets: readonly StoredSecret[];
    disabledAtMs: number | null;
    disabledReason: string | null;
    /** True until the test that was requested at creation is in the log. */
    isTestPending: boolean;
  }>;

/** The states of subscriptions that their owner can read. */
export const notDeleted: readonly Subscription['state'][] = ['active', 'disabled'];

/** Input of {@link begin}. */
export type Beginning = Readonly<{
  id: SubscriptionId;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  settings: Settings;
  secret: StoredSecret;
  isActive: boolean;
  sendTest: boolean;
  nowMs: number;
}>;

/** Returns version 1. */
export const begin = (from: Beginning): Subscription => ({
  ...firstVersion(from.nowMs),
  id: from.id,
  workspaceId: from.workspaceId,
  consumerId: from.consumerId,
  state: from.isActive ? 'active' : 'disabled',
  enabledVersion: 1,
  countedVersion: 1,
  onEnable: 'redrive',
  settings: from.settings,
  secrets: [from.secret],
  disabledAtMs: from.isActive ? null : from.nowMs,
  disabledReason: from.isActive ? null : 'manual',
  // A subscription that begins disabled receives no deliveries.
  isTestPending: from.sendTest && from.isActive,
});

type Change = Partial<
  Pick<Subscription, 'state' | 'settings' | 'secrets' | 'disabledAtMs' | 'disabledReason' | 'deletedAtMs'>
>;

/** Returns the next version: the change, without expired secrets. */
const next = (subscription: Subscription, change: Change, nowMs: number): Subscription => {
  const secrets = unexpired(change.secrets ?? subscription.secrets, nowMs);
  return nextVersion(subscription, { ...change, secrets }, nowMs);
};

/** Returns a version with other secrets, without expired ones. */
export const withSecrets = (
  subscription: Subscription,
  secrets: readonly StoredSecret[],
  nowMs: number,
): Subscription => next(subscription, { secrets }, nowMs);

/** Returns a version without expired secrets. */
export const withoutExpiredSecrets = (subscription: Subscription, nowMs: number): Subscription =>
  withSecrets(subscription, subscription.secrets, nowMs);

function areSame(a: Settings, b: Settings): boolean {
  const fields = Object.keys(a) as (keyof Settings)[];
  return fields.every((field) => JSON.stringify(a[field]) === JSON.stringify(b[field]));
}

/**
 * All changes of one request. `reason` applies when the subscription becomes inactive, `onEnable` when it becomes
 * active.
 */
export type Amendment = Readonly<{
  settings: Settings;
  isActive: boolean;
  reason: string;
  onEnable?: OnEnable;
}>;

/**
 * Returns the version with other settings, enabled or disabled. A request that changes nothing returns the same
 * version: a repeated request creates no new one, and a disabled subscription keeps its first reason. Attempts of
 * versions older than one that enables the subscription or changes its endpoint do not count.
 */
export function amended(subscription: Subscription, to: Amendment, nowMs: number): Subscription {
  const isSwitched = (subscription.state === 'active') !== to.isActive;
  const isSame = areSame(to.settings, subscription.settings);
  if (!isSwitched) {
    if (isSame) return subscription;
    const changed = next(subscription, { settings: to.settings }, nowMs);
    // The health of the old endpoint does not apply to the new one. That of a disabled subscription is reset when it is
    // enabled.
    const isMoved = to.isActive && to.settings.endpointUrl !== subscription.settings.endpointUrl;
    return isMoved ? { ...changed, countedVersion: changed.version } : changed;
  }
  if (!to.isActive) {
    const off = { state: 'disabled', disabledAtMs: nowMs, disabledReason: to.reason } as const;
    return next(subscription, { settings: to.settings, ...off }, nowMs);
  }
  const on = { state: 'active', disabledAtMs: null, disabledReason: null } as const;
  const version = next(subscription, { settings: to.settings, ...on }, nowMs);
  const since = { enabledVersion: version.version, countedVersion: version.version };
  return { ...version, ...since, onEnable: to.onEnable ?? 'redrive' };
}

/**
 * Enables deliveries with the current settings. `onEnable` applies to dead letters since the subscription was disabled.
 */
export const enabled = (
  subscription: Subscription,
  nowMs: number,
  onEnable: OnEnable = 'redrive',
): Subscription =>
  amended(subscription, { settings: subscription.settings, isActive: true, reason: '', onEnable }, nowMs);

/** Disables deliveries until the subscription is enabled. */
export const disabled = (subscription: Subscription, reason: string, nowMs: number): Subscription =>
  amended(subscription, { settings: subscription.settings, isActive: false, reason }, nowMs);

/** Returns the last version, without sealed values: no more requests are sent for it. */
export const deleted = (subscription: Subscription, nowMs: number): Subscription => {
  const settings = { ...subscription.settings, secretHeaders: [], tls: null };
  return next(subscription, { state: 'deleted', deletedAtMs: nowMs, settings, secrets: [] }, nowMs);
};

/** Returns the settings of events in a record. Newer defaults are omitted: earlier releases refuse unknown fields. */
const eventsOnTopic = (settings: Settings) => {
  const { audience, largePayloads, ...others } = onTopic(eventSettings, settings);
  return {
    ...others,
    ...(audience !== 'external' && { audience }),
    ...(largePayloads !== 'full' && { largePayloads }),
  };
};

/** Returns the version's record on the subscriptions topic. */
export const recordOf = (subscription: Subscription): SubscriptionRecord => ({
  type: 'SubscriptionChanged.v1',
  id: subscription.id,
  workspaceId: subscription.workspaceId,
  consumerId: subscription.consumerId,
  kind: kindOf(subscription.settings.events),
  state: subscription.state,
  version: subscription.version,
  enabledVersion: subscription.enabledVersion,
  countedVersion: subscription.countedVersion,
  onEnable: subscription.onEnable,
  ...eventsOnTopic(subscription.settings),
  secrets: subscription.secrets.map(({ publicKey: _, ...sealed }) => sealed),
  ...onTopic(requestSettings, subscription.settings),
  ...(subscription.settings.tls !== null && { tls: { sealed: subscription.settings.tls.sealed } }),
  disabledReason: subscription.disabledReason,
});
