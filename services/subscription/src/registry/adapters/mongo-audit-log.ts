import { atDatabase, isDuplicateKey, mongooseSchema } from '@tidings/mongodb';
import type { Connection, Model, QueryFilter, Schema } from 'mongoose';
import { type AuditDocument, auditDocument, auditDocumentSchema, auditEntry } from '../audit-document.ts';
import { type AuditOutboxDocument, auditOutboxSchema, copiedMark } from '../audit-outbox-document.ts';
import { documentReader } from '../define-documents.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import type { AuditLog, AuditQuery, Listed, Scope } from '../ports.ts';

const readDocument = documentReader<AuditDocument>({
  name: 'audit entry',
  schema: auditDocumentSchema,
  schemaVersion: 1,
  steps: {},
});

/**
 * Audit log in MongoDB. Append-only: entries are never changed or removed. Its outbox is a collection of its own, so
 * that older releases can read the entries; a mark is written before its entry, so no crash leaves an entry without.
 */
export class MongoAuditLog implements AuditLog {
  readonly #model: Model<AuditDocument>;
  readonly #outbox: Model<AuditOutboxDocument>;
  readonly #onAppended: () => void;

  constructor(connection: Connection, onAppended: () => void = () => {}) {
    this.#onAppended = onAppended;
    const outbox = mongooseSchema('audit_outbox', auditOutboxSchema, []);
    this.#outbox = connection.model<AuditOutboxDocument>(
      'audit mark',
      outbox as unknown as Schema<AuditOutboxDocument>,
    );
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
      await createOnce(async () => this.#outbox.create({ _id: entry.id, after_id: null }));
      await createOnce(async () => this.#model.create(auditDocument(entry)));
    });
    this.#onAppended();
  }

  async restore(entry: AuditEntry): Promise<boolean> {
    return atDatabase(async () => createOnce(async () => this.#model.create(auditDocument(entry))));
  }

  async listUnpublished(limit: number): Promise<readonly AuditEntry[]> {
    return atDatabase(async () => {
      for (let after = copiedMark; ; ) {
        const marks = await this.#outbox
          .find({ _id: { $gt: after } })
          .sort({ _id: 1 })
          .limit(limit)
          .lean()
          .exec();
        const last = marks.at(-1);
        if (last === undefined) return [];
        // An entry may be missing: its writer has not written it yet, or the sweep writes it again. Marks without an
        // entry must not hide the later ones.
        const found = await this.#model
          .find({ _id: { $in: marks.map(({ _id }) => _id) } })
          .lean()
          .exec();
        if (found.length > 0) return found.map((raw) => auditEntry(readDocument(raw))).toSorted(byId);
        after = last._id;
      }
    });
  }

  async markPublished(ids: readonly string[]): Promise<void> {
    await atDatabase(async () => {
      for (const id of ids) await this.#outbox.deleteOne({ _id: id }).exec();
    });
  }

  async listUncopied(limit: number): Promise<readonly AuditEntry[]> {
    return atDatabase(async () => {
      const mark = await this.#outbox.findOne({ _id: copiedMark }).lean().exec();
      if (mark !== null && mark.after_id === null) return [];
      const from = mark === null ? {} : { _id: { $gt: mark.after_id } };
      const found = await this.#model
        .find(from as QueryFilter<AuditDocument>)
        .sort({ _id: 1 })
        .limit(limit)
        .lean()
        .exec();
      return found.map((raw) => auditEntry(readDocument(raw)));
    });
  }

  async markCopied(afterId: string | null): Promise<void> {
    await atDatabase(async () => {
      await createOnce(async () => this.#outbox.create({ _id: copiedMark, after_id: afterId }));
      await this.#outbox.updateOne({ _id: copiedMark }, { $set: { after_id: afterId } }).exec();
    });
  }

  async find({ workspaceId, consumerId }: Scope, id: string): Promise<AuditEntry | null> {
    const within = { workspace_id: workspaceId, ...(consumerId !== null && { consumer_id: consumerId }) };
    const raw: unknown = await atDatabase(async () =>
      this.#model
        .findOne({ _id: id, ...within })
        .lean()
        .exec(),
    );
    return raw === null ? null : auditEntry(readDocument(raw));
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

const byId = (a: AuditEntry, b: AuditEntry): number => (a.id < b.id ? -1 : 1);

/** Returns false if the document is there already. */
async function createOnce(create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create();
    return true;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    return false;
  }
}
