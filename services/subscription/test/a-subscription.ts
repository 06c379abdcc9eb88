import { consumerId, newSubscriptionId, type SubscriptionId, workspaceId } from '@tidings/contracts';
import type { AuditEntry } from '../src/registry/domain/audit-entry.ts';
import { defaultSettings, type Settings } from '../src/subscriptions/domain/settings.ts';
import type { StoredSecret } from '../src/subscriptions/domain/signing-secrets.ts';
import { begin, type Subscription } from '../src/subscriptions/domain/subscription.ts';

// The workspace of all test data without an explicit workspace.
const ownWorkspace = workspaceId('ws_own');
export const otherWorkspace = workspaceId('ws_other');

/** The scope of all of {@link ownWorkspace}. */
export const ownScope = { workspaceId: ownWorkspace, consumerId: null };

let made = 0;

/** Returns ids in ascending order of the calls, independent of the clock. */
export function nextId(): SubscriptionId {
  made += 1;
  return newSubscriptionId(1_700_000_000_000 + made);
}

export const aSecret = (overrides: Partial<StoredSecret> = {}): StoredSecret => ({
  id: 'sec_1',
  sealed: 'v1.k.iv.tag.data',
  createdAtMs: 1_000,
  expiresAtMs: null,
  publicKey: null,
  ...overrides,
});

export const someSettings = (overrides: Partial<Settings> = {}): Settings => ({
  ...defaultSettings,
  endpointUrl: 'https://partner.example/hook',
  events: ['order.*'],
  ...overrides,
});

/** Creates version 1 of a subscription with the given overrides. */
export function aSubscription(
  overrides: Partial<Omit<Subscription, 'settings'>> & Readonly<{ settings?: Partial<Settings> }> = {},
): Subscription {
  const { settings, ...rest } = overrides;
  const first = begin({
    id: nextId(),
    workspaceId: ownWorkspace,
    consumerId: null,
    settings: someSettings(settings),
    secret: aSecret(),
    isActive: true,
    sendTest: false,
    nowMs: 1_000,
  });
  return { ...first, ...rest };
}

export const acme = consumerId('acme');

/** An audit log entry with every kind of value. */
export const anEntry: AuditEntry = {
  id: 'aud_1',
  atMs: 1_700_000_000_000,
  operation: 'changed',
  kind: 'subscription',
  entityId: 'sub_1',
  workspaceId: ownWorkspace,
  consumerId: acme,
  version: 2,
  actor: { keyId: 'key_own', address: '192.0.2.1' },
  before: { 'a.b': { $c: null } },
  after: { 'a.b': [1] },
};
