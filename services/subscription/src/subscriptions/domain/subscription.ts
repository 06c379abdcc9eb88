import type {
  BodyFormat,
  ConsumerId,
  ExhaustionPolicy,
  OnEnable,
  Ordering,
  SealedHeader,
  SignatureStyle,
  SubscriptionId,
  SubscriptionRecord,
  WorkspaceId,
} from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';
import { kindOf } from './event-patterns.ts';
import { type StoredSecret, unexpired } from './signing-secrets.ts';
import type { StoredTls } from './tls-material.ts';

/** How an endpoint is asked before it is used: not at all, by a test that it must take, or for its consent. */
export const verifications = ['none', 'ping', 'challenge'] as const;
/** See {@link verifications}. */
export type Verification = (typeof verifications)[number];

/** What its owner chooses. */
export type Settings = Readonly<{
  endpointUrl: string;
  description: string | null;
  events: readonly string[];
  filters: Readonly<Record<string, unknown>> | null;
  ordering: Ordering;
  onExhausted: ExhaustionPolicy;
  format: BodyFormat;
  signatureStyle: SignatureStyle;
  headers: Readonly<Record<string, string>>;
  /** Headers whose values are credentials: written, never read back. No name is in both. */
  secretHeaders: readonly SealedHeader[];
  verify: Verification;
  /** The origin that the endpoint has consented to; null unless it was asked. */
  requestOrigin: string | null;
  timeoutMs: number;
  retryScheduleSeconds: readonly number[];
  rateLimit: Readonly<{ perSecond: number; burst: number }> | null;
  maxInFlight: number;
  /** null: the public authorities are trusted, and no client certificate is shown. */
  tls: StoredTls | null;
}>;

/** One version of a subscription as the registry keeps it. */
export type Subscription = Versioned &
  Readonly<{
    id: SubscriptionId;
    consumerId: ConsumerId | null;
    /** active ⇄ disabled, and from either to deleted, which is the end. */
    state: 'active' | 'disabled' | 'deleted';
    enabledVersion: number;
    /** Attempts of older versions do not count: made before it was enabled, or for another endpoint. */
    countedVersion: number;
    /** What was to become of what waited when it was enabled last. */
    onEnable: OnEnable;
    settings: Settings;
    /** Newest first. */
    secrets: readonly StoredSecret[];
    disabledAtMs: number | null;
    disabledReason: string | null;
    /** True until the test that its creation promised is in the log. */
    isTestPending: boolean;
  }>;

/** The states of those that are there for their owner. */
export const notDeleted: readonly Subscription['state'][] = ['active', 'disabled'];

/** What a new subscription begins with. */
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

/** Version 1. */
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
  // Nothing is delivered to one that begins disabled.
  isTestPending: from.sendTest && from.isActive,
});

type Change = Partial<
  Pick<Subscription, 'state' | 'settings' | 'secrets' | 'disabledAtMs' | 'disabledReason' | 'deletedAtMs'>
>;

/** The next version: what changed, and nothing sealed that may no longer be used. */
const next = (subscription: Subscription, change: Change, nowMs: number): Subscription => {
  const secrets = unexpired(change.secrets ?? subscription.secrets, nowMs);
  return nextVersion(subscription, { ...change, secrets }, nowMs);
};

/** Other secrets, made by a rotation, or fewer because some have ended. */
export const withSecrets = (
  subscription: Subscription,
  secrets: readonly StoredSecret[],
  nowMs: number,
): Subscription => next(subscription, { secrets }, nowMs);

function areSame(a: Settings, b: Settings): boolean {
  const fields = Object.keys(a) as (keyof Settings)[];
  return fields.every((field) => JSON.stringify(a[field]) === JSON.stringify(b[field]));
}

/** What a caller changes in one go. `reason` goes with a switch to inactive, `onEnable` with one to active. */
export type Amendment = Readonly<{
  settings: Settings;
  isActive: boolean;
  reason: string;
  onEnable?: OnEnable;
}>;

/**
 * The version with other settings, switched on or off. What changes nothing stays the version it is: a repeated request
 * makes no new one, and a disabled one keeps its first reason. Attempts older than a version that enables it, or that gives
 * it another endpoint, do not count.
 */
export function amended(subscription: Subscription, to: Amendment, nowMs: number): Subscription {
  const isSwitched = (subscription.state === 'active') !== to.isActive;
  const isSame = areSame(to.settings, subscription.settings);
  if (!isSwitched) {
    if (isSame) return subscription;
    const changed = next(subscription, { settings: to.settings }, nowMs);
    // How the old endpoint did says nothing of the new one. One that is disabled begins anew when it is enabled.
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

/** Delivers again, with the settings it has. `onEnable` is for what waits in dead-letters since it was disabled. */
export const enabled = (
  subscription: Subscription,
  nowMs: number,
  onEnable: OnEnable = 'redrive',
): Subscription =>
  amended(subscription, { settings: subscription.settings, isActive: true, reason: '', onEnable }, nowMs);

/** Delivers nothing until it is enabled. */
export const disabled = (subscription: Subscription, reason: string, nowMs: number): Subscription =>
  amended(subscription, { settings: subscription.settings, isActive: false, reason }, nowMs);

/** The last version. What was sealed is gone: nothing is sent for it any more. */
export const deleted = (subscription: Subscription, nowMs: number): Subscription => {
  const settings = { ...subscription.settings, secretHeaders: [], tls: null };
  return next(subscription, { state: 'deleted', deletedAtMs: nowMs, settings, secrets: [] }, nowMs);
};

/** The version as the event path needs it. */
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
  endpointUrl: subscription.settings.endpointUrl,
  events: subscription.settings.events,
  filters: subscription.settings.filters,
  ordering: subscription.settings.ordering,
  onExhausted: subscription.settings.onExhausted,
  format: subscription.settings.format,
  signatureStyle: subscription.settings.signatureStyle,
  secrets: subscription.secrets.map(({ publicKey: _, ...sealed }) => sealed),
  headers: subscription.settings.headers,
  secretHeaders: subscription.settings.secretHeaders,
  requestOrigin: subscription.settings.requestOrigin,
  timeoutMs: subscription.settings.timeoutMs,
  retryScheduleSeconds: subscription.settings.retryScheduleSeconds,
  rateLimit: subscription.settings.rateLimit,
  maxInFlight: subscription.settings.maxInFlight,
  ...(subscription.settings.tls !== null && { tls: { sealed: subscription.settings.tls.sealed } }),
  disabledReason: subscription.disabledReason,
});
