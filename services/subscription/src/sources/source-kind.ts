import {
  consumerId,
  decodeSource,
  encodeSource,
  type SourceAudience,
  sourceAudiences,
  sourceId,
  topics,
} from '@tidings/contracts';
import { defineDocuments } from '../registry/define-documents.ts';
import { exactly, shape } from '../registry/domain/document-schema.ts';
import { maskedIn } from '../subscriptions/domain/audit-masks.ts';
import { nextExpiryMs } from '../subscriptions/domain/signing-secrets.ts';
import { type Source, type SourceOptions, sourceRecord } from './domain/source.ts';

type SourceFields = Readonly<{
  provider: string;
  name: string;
  audience: SourceAudience;
  /** Not `consumer_id`, which would show the source to that consumer's keys. */
  addressed_to: string | null;
  /** JSON text: the names of options are chosen by providers. */
  options_json: string;
  spool: boolean | null;
  max_payload_bytes: number | null;
  /** Newest first. */
  secrets: readonly Readonly<{
    id: string;
    sealed: string;
    created_at_ms: number;
    expires_at_ms: number | null;
  }>[];
  next_secret_expiry_ms: number | null;
}>;

/** Document kind of sources. */
export const sourceKind = defineDocuments<Source, SourceFields>({
  name: 'source',
  title: 'source',
  states: ['active', 'disabled', 'deleted'],
  collection: 'sources',
  topic: topics.sources,
  keyPrefix: '',
  fields: {
    provider: shape.text,
    name: shape.text,
    audience: { enum: sourceAudiences },
    addressed_to: shape.nullableText,
    options_json: shape.text,
    spool: { type: ['boolean', 'null'] },
    max_payload_bytes: shape.nullableCount,
    secrets: {
      type: 'array',
      items: exactly({
        id: shape.text,
        sealed: shape.text,
        created_at_ms: shape.count,
        expires_at_ms: shape.nullableCount,
      }),
    },
    next_secret_expiry_ms: shape.nullableCount,
  },
  indexes: [{ next_secret_expiry_ms: 1 }],
  schemaVersion: 3,
  steps: {
    1: (document) => ({ ...document, spool: null }),
    2: (document) => ({ ...document, max_payload_bytes: null }),
  },
  toFields: ({ provider, settings, secrets }) => ({
    provider,
    name: settings.name,
    audience: settings.audience,
    addressed_to: settings.consumerId,
    options_json: JSON.stringify(settings.options),
    spool: settings.spool,
    max_payload_bytes: settings.maxPayloadBytes,
    secrets: secrets.map(({ id, sealed, createdAtMs, expiresAtMs }) => ({
      ...{ id, sealed, created_at_ms: createdAtMs, expires_at_ms: expiresAtMs },
    })),
    next_secret_expiry_ms: nextExpiryMs(secrets),
  }),
  fromFields: (document) => ({
    id: sourceId(document._id),
    state: document.state as Source['state'],
    provider: document.provider,
    settings: {
      name: document.name,
      audience: document.audience,
      consumerId: document.addressed_to === null ? null : consumerId(document.addressed_to),
      options: JSON.parse(document.options_json) as SourceOptions,
      spool: document.spool,
      maxPayloadBytes: document.max_payload_bytes,
    },
    secrets: document.secrets.map(({ id, sealed, created_at_ms, expires_at_ms }) => ({
      ...{ id, sealed, createdAtMs: created_at_ms, expiresAtMs: expires_at_ms },
    })),
  }),
  encode: (source) => encodeSource(sourceRecord(source)),
  recordInfoOf: (record) => {
    const { version, state } = decodeSource(record);
    return { version, countedVersion: 0, isDeleted: state === 'deleted' };
  },
  masks: { secrets: (secrets) => maskedIn(secrets as readonly object[], 'sealed') },
  logFields: ({ id, workspaceId, provider, version, state }) => ({
    ...{ workspaceId, sourceId: id, provider, version, state },
  }),
});
