import { atDatabase, isDuplicateKey, mongooseSchema } from '@tidings/mongodb';
import type { Connection, Model, QueryFilter, Schema } from 'mongoose';
import { type AuditDocument, auditDocument, auditDocumentSchema, auditEntry } from '../audit-document.ts';
import { documentReader } from '../define-documents.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import type { AuditLog, AuditQuery, Listed, Scope } from '../ports.ts';

const readDocument = documentReader<AuditDocument>({
  name: 'audit entry',
  schema: auditDocumentSchema,
  schemaVersion: 1,
  steps: {},
});

/** Audit log in MongoDB. Append-only: entries are never changed or removed. */
export class MongoAuditLog implements AuditLog {
  readonly #model: Model<AuditDocument>;

  constructor(connection: Connection) {
    const schema = mongooseSchema('audit_log', auditDocumentSchema, [
      { workspace_id: 1, _id: -1 },
      { workspace_id: 1, kind: 1, entity_id: 1, _id: -1 },
    ]);
    this.#model = connection.model<AuditDocument>('audit entry', schema as unknown as Schema<AuditDocument>);
  }

  /** Creates missing indexes. */
  async createIndexes(): Promise<void> {
    await atDatabase(async () => this.#model.createIndexes());
  }

  async append(entry: AuditEntry): Promise<void> {
    await atDatabase(async () => {
      try {
        await this.#model.create(auditDocument(entry));
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    });
  }

  async list({ workspaceId, consumerId }: Scope, query: AuditQuery): Promise<Listed<AuditEntry>> {
    const { kind, entityId, keyId, afterMs, beforeMs, afterId, limit } = query;
    const wanted: QueryFilter<AuditDocument>[] = [{ workspace_id: workspaceId }];
    if (consumerId !== null) wanted.push({ consumer_id: consumerId });
    if (kind !== null) wanted.push({ kind });
    if (entityId !== null) wanted.push({ entity_id: entityId });
    if (keyId !== null) wanted.push({ key_id: keyId });
    if (afterMs !== undefined) wanted.push({ at_ms: { $gt: afterMs } });
    if (beforeMs !== undefined) wanted.push({ at_ms: { $lt: beforeMs } });
    if (afterId !== null) wanted.push({ _id: { $lt: afterId } });
    const found: unknown[] = await atDatabase(async () =>
      this.#model
        .find({ $and: wanted })
        .sort({ _id: -1 })
        .limit(limit + 1)
        .lean()
        .exec(),
    );
    const items = found.slice(0, limit).map((raw) => auditEntry(readDocument(raw)));
    return { items, nextAfterId: found.length > limit ? (items.at(-1)?.id ?? null) : null };
  }
}
