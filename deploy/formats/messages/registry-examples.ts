import {
  type AccessRecord,
  type AuditRecorded,
  accessScopes,
  bodyFormats,
  type DocumentCopied,
  type EventTypeRecord,
  encodeAccess,
  encodeAudit,
  encodeDocumentCopy,
  encodeEventType,
  encodeKeyUsed,
  encodeSource,
  encodeSubscription,
  eventTypeAudiences,
  eventTypePolicies,
  eventTypeStates,
  exhaustionPolicies,
  type KeyUsed,
  largePayloadForms,
  noticeStyles,
  onEnablePolicies,
  orderings,
  type SourceRecord,
  type SubscriptionRecord,
  schemaModes,
  signatureStyles,
  sourceAudiences,
  subscriptionAudiences,
} from '../../../packages/contracts/src/index.ts';
import { atMs, ids, named, sealed } from './example.ts';

const { workspaceId, consumerId, subscriptionId, sourceId, keyId } = ids;
const states = ['active', 'disabled', 'deleted'] as const;

/** Returns an example for each value of a field, with the others of `base`. */
const each = <T, F extends keyof T>(base: T, field: F, values: readonly T[F][]): Record<string, T> =>
  Object.fromEntries(
    values.map((value) => [`${String(field)}: ${JSON.stringify(value)}`, { ...base, [field]: value }]),
  );

const secrets = [
  { id: 'sec_2', sealed, createdAtMs: atMs, expiresAtMs: null },
  { id: 'sec_1', sealed, createdAtMs: atMs - 1_000, expiresAtMs: atMs + 1_000 },
];

const subscription: SubscriptionRecord = {
  ...{ type: 'SubscriptionChanged.v1', id: subscriptionId, workspaceId, consumerId: null, kind: 'webhook' },
  ...{ state: 'active', version: 3, enabledVersion: 2, countedVersion: 2, onEnable: 'redrive' },
  ...{ endpointUrl: 'https://partner.example/hook', events: ['order.*'], filters: null, ordering: 'none' },
  ...{
    onExhausted: 'skip',
    format: 'standard',
    signatureStyle: 'v1',
    secrets,
    headers: { 'X-Plan': 'gold' },
  },
  ...{ secretHeaders: [{ name: 'Authorization', sealed }], requestOrigin: null, timeoutMs: 10_000 },
  ...{ retryScheduleSeconds: [5, 60], rateLimit: null, maxInFlight: 10, disabledReason: null },
};

/** Records of the subscriptions topic. */
export const subscriptionExamples = named<SubscriptionRecord>(
  {
    'of the workspace': subscription,
    'of a consumer': {
      ...{ ...subscription, consumerId, filters: { amount: [{ $gt: 9 }] }, requestOrigin: 'tidings.example' },
      ...{ tls: { sealed }, rateLimit: { perSecond: 2.5, burst: 5 }, disabledReason: 'manual' },
    },
    ...each(subscription, 'kind', ['webhook', 'operational']),
    ...each(subscription, 'state', states),
    ...each(subscription, 'onEnable', onEnablePolicies),
    ...each(subscription, 'ordering', orderings),
    ...each(subscription, 'onExhausted', exhaustionPolicies),
    ...each(subscription, 'format', bodyFormats),
    ...each(subscription, 'signatureStyle', signatureStyles),
    ...each(subscription, 'audience', subscriptionAudiences),
    ...each(subscription, 'largePayloads', largePayloadForms),
  },
  encodeSubscription,
);

const eventType: EventTypeRecord = {
  ...{ type: 'EventTypeChanged.v1', workspaceId, name: 'order.paid', version: 3, state: 'active' },
  ...{ mode: 'enforce', audience: 'broadcast', deprecatedAtMs: null, sunsetAtMs: atMs },
  schema: { version: 2, schema: { type: 'object', required: ['id'] } },
};

/** Records of the event-types topic. */
export const eventTypeExamples = named<EventTypeRecord>(
  {
    'with a schema': eventType,
    'without a schema': { ...eventType, schema: null, deprecatedAtMs: atMs, sunsetAtMs: null },
    ...each(eventType, 'state', eventTypeStates),
    ...each(eventType, 'mode', schemaModes),
    ...each(eventType, 'audience', eventTypeAudiences),
  },
  encodeEventType,
);

const source: SourceRecord = {
  ...{ type: 'SourceChanged.v1', id: sourceId, workspaceId, state: 'active', version: 1 },
  ...{ provider: 'github', audience: 'internal', consumerId: null },
  ...{ options: { header: 'X-A', tolerance_seconds: 5 }, secrets },
};

/** Records of the sources topic. */
export const sourceExamples = named<SourceRecord>(
  {
    'of the workspace': source,
    'of a consumer': { ...source, audience: 'addressed', consumerId },
    ...each(source, 'state', states),
    ...each(source, 'audience', sourceAudiences),
    ...each(source, 'spool', [true, false]),
    ...each(source, 'maxPayloadBytes', [1_024]),
  },
  encodeSource,
);

const workspace = {
  ...({ type: 'WorkspaceChanged.v1', id: workspaceId, version: 1, state: 'active', name: 'Demo' } as const),
  ...{ eventTypePolicy: 'strict', allowHttp: false, maxSubscriptions: 10, disableAfterFailures: 100 },
  notice: null,
} as const satisfies AccessRecord;
const consumer = {
  ...({ type: 'ConsumerChanged.v1', id: consumerId, workspaceId, version: 1, state: 'active' } as const),
  name: 'Acme',
} as const satisfies AccessRecord;
const key = {
  ...({ type: 'ApiKeyChanged.v1', id: keyId, workspaceId, consumerId: null, version: 1 } as const),
  ...{ state: 'active', hash: 'd'.repeat(64), prefix: 'tdk_abc', scopes: accessScopes },
  ...{ expiresAtMs: null, requestsPerSecond: null },
} as const satisfies AccessRecord;
const tokenKey = {
  ...({ type: 'TokenKeyChanged.v1', id: `${workspaceId}/1`, workspaceId, version: 1 } as const),
  ...{ state: 'active', jwk: { kty: 'OKP', crv: 'Ed25519', x: 'eA' } },
} as const satisfies AccessRecord;
const ended = { beforeMs: atMs, ids: [{ id: 'ses_1', untilMs: atMs + 1_000 }] };

/** Records of the access topic. */
export const accessExamples = named<AccessRecord>(
  {
    'a workspace': { ...workspace, retentionDays: 90, allowHttp: true },
    ...each<AccessRecord, 'state'>(workspace, 'state', states),
    ...Object.fromEntries(
      eventTypePolicies.map((eventTypePolicy) => [eventTypePolicy, { ...workspace, eventTypePolicy }]),
    ),
    ...Object.fromEntries(
      noticeStyles.map((style) => [
        `a workspace with notices: ${style}`,
        { ...workspace, notice: { sealedUrl: sealed, style } },
      ]),
    ),
    'a consumer': { ...consumer, tokensEndedMs: atMs },
    ...Object.fromEntries(
      states.map((state) => [`a consumer: ${state}`, { ...consumer, state, name: null }]),
    ),
    'a key of a consumer': {
      ...{ ...key, consumerId, scopes: ['deliveries:read'], expiresAtMs: atMs, requestsPerSecond: 2.5 },
      ...{ ended, spool: true, maxPayloadBytes: 1_024 },
    },
    'a key without a spool': { ...key, spool: false },
    ...Object.fromEntries(
      (['active', 'revoked', 'deleted'] as const).map((state) => [`a key: ${state}`, { ...key, state }]),
    ),
    'a token key': { ...tokenKey, ended },
    ...Object.fromEntries(
      (['active', 'deleted'] as const).map((state) => [`a token key: ${state}`, { ...tokenKey, state }]),
    ),
  },
  encodeAccess,
);

/** Records of the key-usage topic. */
export const keyUsageExamples = named<KeyUsed>(
  { 'a use': { type: 'KeyUsed.v1', keyId, workspaceId, atMs } },
  encodeKeyUsed,
);

const entry: AuditRecorded = {
  ...{ type: 'AuditRecorded.v1', id: 'aud_1', atMs, operation: 'changed', kind: 'subscription' },
  ...{ entityId: subscriptionId, workspaceId, consumerId, version: 2 },
  ...{ actor: { keyId, address: '192.0.2.1' }, before: { 'a.b': { $c: null } }, after: { 'a.b': [1] } },
};

/** Records of the audit topic. */
export const auditExamples = named<AuditRecorded>(
  {
    'a change': entry,
    'a creation by Tidings itself': {
      ...{ ...entry, operation: 'created', consumerId: null, before: null, version: 1 },
      actor: { keyId: null, address: null },
    },
  },
  encodeAudit,
);

const copied = { _id: consumerId, version: 3, schema_version: 2, state: 'active' };
// None is so large that it is compressed: another release of Node.js may compress it to other bytes.
export const copyExamples = named<DocumentCopied>(
  {
    'a document of a kind': {
      type: 'DocumentCopied.v1',
      kind: 'consumer',
      document: { ...copied, name: null },
    },
  },
  encodeDocumentCopy,
);
