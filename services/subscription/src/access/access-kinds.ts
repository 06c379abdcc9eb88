import { type AccessScope, accessScopes, consumerId } from '@tidings/contracts';
import { defineDocuments } from '../registry/define-documents.ts';
import { exactly, shape } from '../registry/domain/document-schema.ts';
import { type ApiKey, apiKeyRecord } from './domain/api-key.ts';
import { type Consumer, consumerRecord } from './domain/consumer.ts';
import { readEnded, type StoredEnded, storedEnded } from './domain/sign-out.ts';
import { type TokenKey, tokenKeyRecord } from './domain/token-key.ts';
import { hidden, logFieldsOf, onTopic } from './on-access-topic.ts';

const storedEndedSchema = {
  oneOf: [
    { type: 'null' },
    exactly({
      before_ms: shape.count,
      ids: { type: 'array', items: exactly({ id: shape.text, until_ms: shape.count }) },
    }),
  ],
};

type ConsumerFields = Readonly<{
  consumer_id: string;
  name: string | null;
  contact: string | null;
  tokens_ended_ms: number | null;
}>;

/** Document kind of consumers. */
export const consumerKind = defineDocuments<Consumer, ConsumerFields>({
  name: 'consumer',
  title: 'consumer',
  states: ['active', 'disabled', 'deleted'],
  collection: 'consumers',
  ...onTopic('ConsumerChanged.v1', consumerRecord),
  fields: {
    consumer_id: shape.text,
    name: shape.nullableText,
    contact: shape.nullableText,
    tokens_ended_ms: shape.nullableCount,
  },
  schemaVersion: 2,
  steps: { 1: (document) => ({ ...document, tokens_ended_ms: null }) },
  toFields: ({ consumerId: id, details, tokensEndedMs }) => ({
    ...{ consumer_id: id, ...details },
    tokens_ended_ms: tokensEndedMs,
  }),
  fromFields: (document) => ({
    id: document._id,
    consumerId: consumerId(document.consumer_id),
    state: document.state as Consumer['state'],
    details: { name: document.name, contact: document.contact },
    tokensEndedMs: document.tokens_ended_ms,
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
  spool: boolean;
  max_payload_bytes: number | null;
  hash: string;
  prefix: string;
  bootstrap: boolean;
  created_by: string | null;
  ended: StoredEnded | null;
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
    spool: shape.flag,
    max_payload_bytes: shape.nullableCount,
    hash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    prefix: { type: 'string' },
    bootstrap: shape.flag,
    created_by: shape.nullableText,
    ended: storedEndedSchema,
  },
  indexes: [{ workspace_id: 1, consumer_id: 1, _id: -1 }],
  schemaVersion: 4,
  steps: {
    1: (document) => ({ ...document, ended: null }),
    2: (document) => ({ ...document, spool: false }),
    3: (document) => ({ ...document, max_payload_bytes: null }),
  },
  toFields: ({ grant, hash, prefix, isBootstrap, createdBy, ended }) => ({
    consumer_id: grant.consumerId,
    name: grant.name,
    scopes: grant.scopes,
    expires_at_ms: grant.expiresAtMs,
    requests_per_second: grant.requestsPerSecond,
    spool: grant.spool,
    max_payload_bytes: grant.maxPayloadBytes,
    hash,
    prefix,
    bootstrap: isBootstrap,
    created_by: createdBy,
    ended: storedEnded(ended),
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
      spool: document.spool,
      maxPayloadBytes: document.max_payload_bytes,
    },
    hash: document.hash,
    prefix: document.prefix,
    isBootstrap: document.bootstrap,
    createdBy: document.created_by,
    ended: readEnded(document.ended),
  }),
  // The operator's own key may be short enough to be guessed from its hash.
  masks: { hash: hidden, ended: hidden },
  logFields: logFieldsOf('apiKeyId'),
});

type TokenKeyFields = Readonly<{ public_x: string; sealed_private: string; ended: StoredEnded | null }>;

/** Document kind of the key pairs that sign consumer tokens. */
export const tokenKeyKind = defineDocuments<TokenKey, TokenKeyFields>({
  name: 'token-key',
  title: 'token key',
  states: ['active', 'deleted'],
  collection: 'token_keys',
  ...onTopic('TokenKeyChanged.v1', tokenKeyRecord),
  fields: { public_x: shape.text, sealed_private: shape.text, ended: storedEndedSchema },
  schemaVersion: 2,
  steps: { 1: (document) => ({ ...document, ended: null }) },
  toFields: ({ publicX, sealedPrivate, ended }) => ({
    ...{ public_x: publicX, sealed_private: sealedPrivate },
    ended: storedEnded(ended),
  }),
  fromFields: (document) => ({
    id: document._id,
    state: document.state as TokenKey['state'],
    publicX: document.public_x,
    sealedPrivate: document.sealed_private,
    ended: readEnded(document.ended),
  }),
  masks: { sealed_private: hidden, ended: hidden },
  logFields: logFieldsOf('tokenKeyId'),
});
