import {
  type AccessRecord,
  type AccessScope,
  accessKeyPrefixes,
  accessScopes,
  consumerId,
  decodeAccess,
  type EventTypePolicy,
  encodeAccess,
  eventTypePolicies,
  type NoticeStyle,
  noticeStyles,
  topics,
  type WireRecord,
  workspaceId,
} from '@tidings/contracts';
import { defineDocuments } from '../registry/define-documents.ts';
import type { RecordInfo } from '../registry/document-kind.ts';
import { masked } from '../registry/domain/audit-entry.ts';
import { exactly, shape } from '../registry/domain/document-schema.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import { type ApiKey, apiKeyRecord } from './domain/api-key.ts';
import { type Consumer, consumerRecord } from './domain/consumer.ts';
import { type TokenKey, tokenKeyRecord } from './domain/token-key.ts';
import { type Workspace, workspaceRecord } from './domain/workspace.ts';

const recordInfoOf = (record: WireRecord): RecordInfo => {
  const { version, state } = decodeAccess(record);
  return { version, countedVersion: 0, isDeleted: state === 'deleted' };
};

const onTopic = <T extends Versioned>(type: AccessRecord['type'], recordOf: (entity: T) => AccessRecord) => ({
  topic: topics.access,
  keyPrefix: accessKeyPrefixes[type],
  encode: (entity: T) => encodeAccess(recordOf(entity)),
  recordInfoOf,
});

const logFieldsOf =
  (idField: string) =>
  ({ id, workspaceId: workspace, version, state }: Versioned) => ({
    workspaceId: workspace,
    [idField]: id,
    version,
    state,
  });

const hidden = (value: unknown): unknown => (value === null ? null : masked);

type WorkspaceFields = Readonly<{
  name: string;
  event_type_policy: EventTypePolicy;
  allow_http: boolean;
  max_subscriptions: number;
  disable_after_failures: number;
  notice: Readonly<{ sealed_url: string; style: NoticeStyle }> | null;
  retention_days: number | null;
}>;

/** Document kind of workspaces. */
export const workspaceKind = defineDocuments<Workspace, WorkspaceFields>({
  name: 'workspace',
  title: 'workspace',
  states: ['active', 'disabled', 'deleted'],
  collection: 'workspaces',
  ...onTopic('WorkspaceChanged.v1', workspaceRecord),
  fields: {
    name: shape.text,
    event_type_policy: { enum: eventTypePolicies },
    allow_http: shape.flag,
    max_subscriptions: shape.count,
    disable_after_failures: shape.count,
    notice: {
      oneOf: [{ type: 'null' }, exactly({ sealed_url: shape.text, style: { enum: noticeStyles } })],
    },
    retention_days: shape.nullableCount,
  },
  schemaVersion: 2,
  steps: { 1: (document) => ({ ...document, retention_days: null }) },
  toFields: ({ rules }) => ({
    name: rules.name,
    event_type_policy: rules.eventTypePolicy,
    allow_http: rules.allowHttp,
    max_subscriptions: rules.maxSubscriptions,
    disable_after_failures: rules.disableAfterFailures,
    notice: rules.notice === null ? null : { sealed_url: rules.notice.sealedUrl, style: rules.notice.style },
    retention_days: rules.retentionDays,
  }),
  fromFields: (document) => ({
    id: workspaceId(document._id),
    state: document.state as Workspace['state'],
    rules: {
      name: document.name,
      eventTypePolicy: document.event_type_policy,
      allowHttp: document.allow_http,
      maxSubscriptions: document.max_subscriptions,
      disableAfterFailures: document.disable_after_failures,
      notice:
        document.notice === null
          ? null
          : { sealedUrl: document.notice.sealed_url, style: document.notice.style },
      retentionDays: document.retention_days,
    },
  }),
  masks: { notice: hidden },
  logFields: ({ id, version, state }) => ({ workspaceId: id, version, state }),
});

type ConsumerFields = Readonly<{ consumer_id: string; name: string | null; contact: string | null }>;

/** Document kind of consumers. */
export const consumerKind = defineDocuments<Consumer, ConsumerFields>({
  name: 'consumer',
  title: 'consumer',
  states: ['active', 'disabled', 'deleted'],
  collection: 'consumers',
  ...onTopic('ConsumerChanged.v1', consumerRecord),
  fields: { consumer_id: shape.text, name: shape.nullableText, contact: shape.nullableText },
  schemaVersion: 1,
  steps: {},
  toFields: ({ consumerId: id, details }) => ({ consumer_id: id, ...details }),
  fromFields: (document) => ({
    id: document._id,
    consumerId: consumerId(document.consumer_id),
    state: document.state as Consumer['state'],
    details: { name: document.name, contact: document.contact },
  }),
  logFields: ({ workspaceId: workspace, consumerId: id, version, state }) => ({
    workspaceId: workspace,
    consumerId: id,
    version,
    state,
  }),
});

type ApiKeyFields = Readonly<{
  consumer_id: string | null;
  name: string | null;
  scopes: readonly AccessScope[];
  expires_at_ms: number | null;
  requests_per_second: number | null;
  hash: string;
  prefix: string;
  bootstrap: boolean;
  created_by: string | null;
}>;

/** Document kind of API keys. Only their hashes are stored. */
export const apiKeyKind = defineDocuments<ApiKey, ApiKeyFields>({
  name: 'api-key',
  title: 'API key',
  states: ['active', 'revoked', 'deleted'],
  collection: 'api_keys',
  ...onTopic('ApiKeyChanged.v1', apiKeyRecord),
  fields: {
    consumer_id: shape.nullableText,
    name: shape.nullableText,
    scopes: { type: 'array', items: { enum: accessScopes } },
    expires_at_ms: shape.nullableCount,
    requests_per_second: { type: ['number', 'null'] },
    hash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    prefix: { type: 'string' },
    bootstrap: shape.flag,
    created_by: shape.nullableText,
  },
  indexes: [{ workspace_id: 1, consumer_id: 1, _id: -1 }],
  schemaVersion: 1,
  steps: {},
  toFields: ({ grant, hash, prefix, isBootstrap, createdBy }) => ({
    consumer_id: grant.consumerId,
    name: grant.name,
    scopes: grant.scopes,
    expires_at_ms: grant.expiresAtMs,
    requests_per_second: grant.requestsPerSecond,
    hash,
    prefix,
    bootstrap: isBootstrap,
    created_by: createdBy,
  }),
  fromFields: (document) => ({
    id: document._id,
    state: document.state as ApiKey['state'],
    grant: {
      name: document.name,
      consumerId: document.consumer_id === null ? null : consumerId(document.consumer_id),
      scopes: document.scopes,
      expiresAtMs: document.expires_at_ms,
      requestsPerSecond: document.requests_per_second,
    },
    hash: document.hash,
    prefix: document.prefix,
    isBootstrap: document.bootstrap,
    createdBy: document.created_by,
  }),
  // The operator's own key may be short enough to be guessed from its hash.
  masks: { hash: hidden },
  logFields: logFieldsOf('apiKeyId'),
});

type TokenKeyFields = Readonly<{ public_x: string; sealed_private: string }>;

/** Document kind of the key pairs that sign consumer tokens. */
export const tokenKeyKind = defineDocuments<TokenKey, TokenKeyFields>({
  name: 'token-key',
  title: 'token key',
  states: ['active', 'deleted'],
  collection: 'token_keys',
  ...onTopic('TokenKeyChanged.v1', tokenKeyRecord),
  fields: { public_x: shape.text, sealed_private: shape.text },
  schemaVersion: 1,
  steps: {},
  toFields: ({ publicX, sealedPrivate }) => ({ public_x: publicX, sealed_private: sealedPrivate }),
  fromFields: (document) => ({
    id: document._id,
    state: document.state as TokenKey['state'],
    publicX: document.public_x,
    sealedPrivate: document.sealed_private,
  }),
  masks: { sealed_private: hidden },
  logFields: logFieldsOf('tokenKeyId'),
});
