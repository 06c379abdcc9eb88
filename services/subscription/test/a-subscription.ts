import { consumerId, newSubscriptionId, type SubscriptionId, workspaceId } from '@tidings/contracts';
import type { AuditEntry } from '../src/registry/domain/audit-entry.ts';
import { defaultSettings } from '../src/subscriptions/domain/read-settings.ts';
import type { StoredSecret } from '../src/subscriptions/domain/signing-secrets.ts';
import { begin, type Settings, type Subscription } from '../src/subscriptions/domain/subscription.ts';

// The workspace of everything that a test does not place elsewhere.
const ownWorkspace = workspaceId('ws_own');
export const otherWorkspace = workspaceId('ws_other');

/** All of {@link ownWorkspace}. */
export const ownScope = { workspaceId: ownWorkspace, consumerId: null };

let made = 0;

/** Ids in the order in which they are asked for, whatever the clock says. */
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

/** Version 1 of a subscription, with anything else about it as given. */
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

/** An entry of the audit log with every kind of value in it. */
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
