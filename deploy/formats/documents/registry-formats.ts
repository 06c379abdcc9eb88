import {
  bodyFormats,
  eventTypeAudiences,
  exhaustionPolicies,
  failureReasons,
  largePayloadForms,
  onEnablePolicies,
  orderings,
  schemaModes,
  signatureStyles,
  sourceAudiences,
  sourceId,
  subscriptionAudiences,
  subscriptionId,
} from '../../../packages/contracts/src/index.ts';
import { MongoIdempotencyStore } from '../../../packages/mongodb/src/index.ts';
import { MongoKeyUsage } from '../../../services/subscription/src/access/adapters/mongo-key-usage.ts';
import { MongoHealthStore } from '../../../services/subscription/src/endpoint-health/adapters/mongo-health-store.ts';
import { noHealth } from '../../../services/subscription/src/endpoint-health/domain/endpoint-health.ts';
import {
  begin as beginEventType,
  compatibilities,
  defaultSettings as defaultTypeSettings,
} from '../../../services/subscription/src/event-types/domain/event-type.ts';
import { eventTypeKind } from '../../../services/subscription/src/event-types/event-type-kind.ts';
import { MongoAuditLog } from '../../../services/subscription/src/registry/adapters/mongo-audit-log.ts';
import {
  auditDocument,
  auditDocumentSchema,
} from '../../../services/subscription/src/registry/audit-document.ts';
import { auditOutboxSchema } from '../../../services/subscription/src/registry/audit-outbox-document.ts';
import { beginSource } from '../../../services/subscription/src/sources/domain/source.ts';
import { sourceKind } from '../../../services/subscription/src/sources/source-kind.ts';
import { verifications } from '../../../services/subscription/src/subscriptions/domain/request-settings.ts';
import { defaultSettings } from '../../../services/subscription/src/subscriptions/domain/settings.ts';
import { begin } from '../../../services/subscription/src/subscriptions/domain/subscription.ts';
import { subscriptionKind } from '../../../services/subscription/src/subscriptions/subscription-kind.ts';
import { atMs, ids, sealed } from '../messages/example.ts';
import { accessFormats } from './access-formats.ts';
import type { CollectionFormat } from './collection-format.ts';
import { each, entry, ofKind, ownEntry } from './registry-kind-format.ts';

const { consumerId } = ids;
const workspace = ids.workspaceId;
const states = ['active', 'disabled', 'deleted'] as const;

const secrets = [
  { id: 'sec_2', sealed, createdAtMs: atMs, expiresAtMs: null, publicKey: 'whpk_eA' },
  { id: 'sec_1', sealed, createdAtMs: atMs, expiresAtMs: atMs + 1_000, publicKey: null },
] as const;

const subscription = begin({
  ...{ id: subscriptionId('sub_1'), workspaceId: workspace, consumerId: null },
  settings: { ...defaultSettings, endpointUrl: 'https://partner.example/hook', events: ['order.*'] },
  ...{ secret: secrets[0], isActive: true, sendTest: false, nowMs: atMs },
});
const { settings } = subscription;
const certificate = { fingerprint: 'ab:cd', expiresAtMs: atMs };
const full = {
  ...{ ...subscription, consumerId, secrets, isTestPending: true },
  ...{ disabledAtMs: atMs, disabledReason: 'manual' },
  settings: {
    ...{ ...settings, description: 'Orders', filters: { 'a.b': [{ $gt: 9 }] }, headers: { 'X-A': 'b' } },
    ...{ secretHeaders: [{ name: 'Authorization', sealed }], requestOrigin: 'tidings.example' },
    ...{ retryScheduleSeconds: [5, 60], rateLimit: { perSecond: 2.5, burst: 5 } },
    tls: { sealed, ca: [certificate], certificate: [certificate] },
  },
};
const withSettings = (values: readonly (typeof settings)[]) =>
  values.map((one) => ({ ...subscription, settings: one }));

const subscriptions = ofKind(
  subscriptionKind,
  [
    ...[full, subscription, ...each(subscription, 'state', states)],
    ...each(subscription, 'onEnable', onEnablePolicies),
    ...withSettings(each(settings, 'audience', subscriptionAudiences)),
    ...withSettings(each(settings, 'ordering', orderings)),
    ...withSettings(each(settings, 'onExhausted', exhaustionPolicies)),
    ...withSettings(each(settings, 'format', bodyFormats)),
    ...withSettings(each(settings, 'largePayloads', largePayloadForms)),
    ...withSettings(each(settings, 'signatureStyle', signatureStyles)),
    ...withSettings(each(settings, 'verify', verifications)),
  ],
  (at) => subscriptionId(`sub_${at + 1}`),
);

const eventType = beginEventType(
  {
    ...{ workspaceId: workspace, name: 'order.paid.late', origin: 'registered', state: 'active' },
    ...{ settings: defaultTypeSettings, schemas: [], activeSchema: null },
  },
  atMs,
);
const typeSettings = eventType.settings;
const eventTypes = ofKind(
  eventTypeKind,
  [
    {
      ...{ ...eventType, origin: 'seen', activeSchema: 2 },
      schemas: [
        { version: 1, schemaJson: '{"a.b":{"$c":1}}', createdAtMs: atMs, hasHeld: true },
        { version: 2, schemaJson: '{}', createdAtMs: atMs, hasHeld: false },
      ],
      settings: {
        ...{ ...typeSettings, description: 'Paid late', group: 'orders', exampleJson: '{"id":1}' },
        ...{ deprecatedAtMs: atMs, sunsetAtMs: atMs },
      },
    },
    ...each(eventType, 'state', ['draft', 'active', 'deprecated', 'archived', 'deleted']),
    ...each(typeSettings, 'mode', schemaModes).map((one) => ({ ...eventType, settings: one })),
    ...each(typeSettings, 'audience', eventTypeAudiences).map((one) => ({ ...eventType, settings: one })),
    ...each(typeSettings, 'compatibility', compatibilities).map((one) => ({ ...eventType, settings: one })),
  ],
  (at) => `${workspace}/type${at + 1}`,
);

const source = beginSource({
  ...{ id: ids.sourceId, workspaceId: workspace, provider: 'github', secrets: [], nowMs: atMs },
  settings: {
    ...{ name: 'repos', audience: 'internal', consumerId: null, options: { 'x.y': 'a', n: 5 } },
    ...{ spool: null, maxPayloadBytes: null },
  },
});
const sources = ofKind(
  sourceKind,
  [
    {
      ...{ ...source, secrets: secrets.map(({ publicKey: _, ...one }) => one) },
      settings: {
        ...source.settings,
        audience: 'addressed',
        consumerId,
        spool: true,
        maxPayloadBytes: 1_024,
      },
    },
    ...each(source, 'state', states),
    ...each(source.settings, 'audience', sourceAudiences).map((one) => ({ ...source, settings: one })),
  ],
  (at) => sourceId(`src_${String(at + 1).padStart(32, '0')}`),
);

const auditLog: CollectionFormat = {
  ...{ collection: 'audit_log', schema: auditDocumentSchema },
  write: async ({ connection }) => {
    const log = new MongoAuditLog(connection);
    for (const one of [entry, ownEntry]) await log.append(one);
  },
  read: async ({ connection }, id) =>
    new MongoAuditLog(connection).find({ workspaceId: workspace, consumerId: null }, id),
};

const auditOutbox: CollectionFormat = {
  ...{ collection: 'audit_outbox', schema: auditOutboxSchema },
  write: async ({ connection }) => {
    const log = new MongoAuditLog(connection);
    await log.append(entry);
    await log.markCopied(entry.id);
  },
  read: async (documents) => {
    for (const one of [entry, ownEntry]) await documents.put('audit_log', auditDocument(one));
    const log = new MongoAuditLog(documents.connection);
    return { unpublished: await log.listUnpublished(10), uncopied: await log.listUncopied(10) };
  },
};

const health = noHealth(subscriptionId('sub_1'));
const healths: CollectionFormat = {
  collection: 'subscription_health',
  write: async ({ connection }) =>
    new MongoHealthStore(connection).write([
      { ...health, rev: 1 },
      ...failureReasons.map((reason, at) => ({
        ...{
          ...health,
          subscriptionId: subscriptionId(`sub_${at + 2}`),
          rev: 1,
          countedVersion: 2,
          failureCount: 3,
        },
        ...{ failingSinceMs: atMs, lastDeliveryAtMs: atMs, lastFailureAtMs: atMs, lastFailureReason: reason },
        ...{ alert: at % 2 === 0 ? ('failing' as const) : ('disabled' as const) },
        positions: [{ partition: 3, offset: 12 }],
      })),
    ]),
  read: async ({ connection }, id) => new MongoHealthStore(connection).find(subscriptionId(id)),
};

const keyUsage: CollectionFormat = {
  collection: 'api_key_usage',
  write: async ({ connection }) => new MongoKeyUsage(connection).note(ids.keyId, atMs),
  read: async ({ connection }, id) => new MongoKeyUsage(connection).findMany([id]),
};

const idempotency = {
  ...{ id: 'idk_1', fingerprint: 'f', reservedId: 'sub_9', claim: 'c', claimedUntilMs: atMs },
  ...{ expiresAtMs: atMs + 1_000, answer: null },
};
const idempotencyKeys: CollectionFormat = {
  collection: 'idempotency_keys',
  write: async ({ connection }) => {
    const store = new MongoIdempotencyStore(connection);
    await store.claim(idempotency);
    const answered = { ...idempotency, id: 'idk_2' };
    await store.claim(answered);
    await store.complete(answered, '{"status":201}');
  },
  // Claiming a key again returns what is stored.
  read: async ({ connection }, id) => new MongoIdempotencyStore(connection).claim({ ...idempotency, id }),
};

/** The collections of the subscription service, and the one of Idempotency-Keys, which history has too. */
export const registryFormats: readonly CollectionFormat[] = [
  ...[subscriptions, eventTypes, sources, ...accessFormats, auditLog, auditOutbox],
  ...[healths, keyUsage, idempotencyKeys],
];
