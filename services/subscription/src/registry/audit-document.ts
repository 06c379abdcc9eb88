import { consumerId, workspaceId } from '@tidings/contracts';
import type { AuditEntry, Fields } from './domain/audit-entry.ts';
import { exactly, shape } from './domain/document-schema.ts';

/** An audit entry in MongoDB, both inside the document that it describes and in the log. */
export type AuditDocument = Readonly<{
  _id: string;
  schema_version: 1;
  at_ms: number;
  operation: string;
  kind: string;
  entity_id: string;
  workspace_id: string;
  consumer_id: string | null;
  version: number;
  key_id: string | null;
  address: string | null;
  /** JSON text, because field names inside may contain dots and dollar signs. */
  before_json: string | null;
  after_json: string;
}>;

/** JSON Schema of an {@link AuditDocument}. */
export const auditDocumentSchema = exactly({
  _id: shape.text,
  schema_version: { const: 1 },
  at_ms: shape.count,
  operation: shape.text,
  kind: shape.text,
  entity_id: shape.text,
  workspace_id: shape.text,
  consumer_id: shape.nullableText,
  version: { type: 'integer', minimum: 1 },
  key_id: shape.nullableText,
  address: shape.nullableText,
  before_json: shape.nullableText,
  after_json: shape.text,
});

/** Returns the MongoDB document of an entry. */
export const auditDocument = (entry: AuditEntry): AuditDocument => ({
  _id: entry.id,
  schema_version: 1,
  at_ms: entry.atMs,
  operation: entry.operation,
  kind: entry.kind,
  entity_id: entry.entityId,
  workspace_id: entry.workspaceId,
  consumer_id: entry.consumerId,
  version: entry.version,
  key_id: entry.actor.keyId,
  address: entry.actor.address,
  before_json: entry.before === null ? null : JSON.stringify(entry.before),
  after_json: JSON.stringify(entry.after),
});

/** Returns the entry of a validated document. */
export const auditEntry = (document: AuditDocument): AuditEntry => ({
  id: document._id,
  atMs: document.at_ms,
  operation: document.operation,
  kind: document.kind,
  entityId: document.entity_id,
  workspaceId: workspaceId(document.workspace_id),
  consumerId: document.consumer_id === null ? null : consumerId(document.consumer_id),
  version: document.version,
  actor: { keyId: document.key_id, address: document.address },
  before: document.before_json === null ? null : (JSON.parse(document.before_json) as Fields),
  after: JSON.parse(document.after_json) as Fields,
});
