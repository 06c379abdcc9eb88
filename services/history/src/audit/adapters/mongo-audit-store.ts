import { type AuditRecorded, consumerId, workspaceId } from '@tidings/contracts';
import {
  insertNew,
  type OperationHistogram,
  plainCollection,
  type TimedOperation,
  timedOperations,
} from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import type { AuditFilters, AuditStore, StoredAudit } from '../ports.ts';

/** An audit entry in MongoDB. */
type AuditDocument = Readonly<{
  _id: string;
  at: Date;
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
  offset: number;
}>;

const schema = new Schema<AuditDocument>({ _id: String }, { ...plainCollection, collection: 'audit' });
schema.index({ workspace_id: 1, _id: -1 });
schema.index({ offset: -1 });

const toDocument = ({ entry, offset }: StoredAudit): AuditDocument => ({
  _id: entry.id,
  at: new Date(entry.atMs),
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
  offset,
});

const fromDocument = (document: AuditDocument): AuditRecorded => ({
  type: 'AuditRecorded.v1',
  id: document._id,
  atMs: document.at.getTime(),
  operation: document.operation,
  kind: document.kind,
  entityId: document.entity_id,
  workspaceId: workspaceId(document.workspace_id),
  consumerId: document.consumer_id === null ? null : consumerId(document.consumer_id),
  version: document.version,
  actor: { keyId: document.key_id, address: document.address },
  before: document.before_json === null ? null : (JSON.parse(document.before_json) as AuditRecorded['after']),
  after: JSON.parse(document.after_json) as AuditRecorded['after'],
});

const conditionsOf = (filters: AuditFilters): Record<string, unknown> => ({
  workspace_id: filters.workspaceId,
  ...(filters.ownerId === null ? {} : { consumer_id: filters.ownerId }),
  ...(filters.kind === undefined ? {} : { kind: filters.kind }),
  ...(filters.entityId === undefined ? {} : { entity_id: filters.entityId }),
  ...(filters.keyId === undefined ? {} : { key_id: filters.keyId }),
  ...(filters.afterMs === undefined && filters.beforeMs === undefined
    ? {}
    : {
        at: {
          ...(filters.afterMs === undefined ? {} : { $gt: new Date(filters.afterMs) }),
          ...(filters.beforeMs === undefined ? {} : { $lt: new Date(filters.beforeMs) }),
        },
      }),
});

/** The audit log in MongoDB, copied from its topic. */
export class MongoAuditStore implements AuditStore {
  readonly #model: Model<AuditDocument>;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#model = connection.model<AuditDocument>('Audit', schema);
    this.#timed = timedOperations(seconds);
  }

  /** Creates the missing indexes. */
  async createIndexes(): Promise<void> {
    await this.#timed('create-indexes', async () => this.#model.createIndexes());
  }

  async insert(entries: readonly StoredAudit[]): Promise<void> {
    await this.#timed('insert-audit', async () => insertNew(this.#model, entries.map(toDocument)));
  }

  async nextOffset(): Promise<number> {
    const [last] = await this.#timed('last-audit', async () =>
      this.#model.find({}, { offset: 1 }).sort({ offset: -1 }).limit(1).lean<AuditDocument[]>(),
    );
    return last === undefined ? 0 : last.offset + 1;
  }

  async list(
    filters: AuditFilters,
    { limit, afterId }: Readonly<{ limit: number; afterId: string | null }>,
  ): Promise<readonly AuditRecorded[]> {
    const conditions = { ...conditionsOf(filters), ...(afterId === null ? {} : { _id: { $lt: afterId } }) };
    const found = await this.#timed('list-audit', async () =>
      this.#model.find(conditions).sort({ _id: -1 }).limit(limit).lean<AuditDocument[]>(),
    );
    return found.map(fromDocument);
  }

  async count(filters: AuditFilters): Promise<number> {
    const [found] = await this.#timed('count-audit', async () =>
      this.#model.aggregate<{ count: number }>([
        { $match: conditionsOf(filters) },
        { $group: { _id: null, count: { $sum: 1 } } },
      ]),
    );
    return found?.count ?? 0;
  }
}
