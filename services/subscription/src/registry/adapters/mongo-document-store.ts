import { atDatabase, isDuplicateKey, mongooseSchema } from '@tidings/mongodb';
import type { Logger, Metrics } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import type { Connection, Model, QueryFilter, Schema } from 'mongoose';
import type { metricsCatalogue } from '../../metrics.ts';
import type { DocumentKind, StoredDocument } from '../document-kind.ts';
import type { Versioned } from '../domain/versioned.ts';
import type { DocumentStore, Listed, ListQuery, PageRequest, Scope, Settled, Where } from '../ports.ts';

/** Dependencies of the store. Unreadable documents are omitted from lists, counted and logged. */
export type MongoStoreParts<T extends Versioned> = Readonly<{
  kind: DocumentKind<T>;
  connection: Connection;
  logger: Logger;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'unreadable'>;
}>;

type Filter = QueryFilter<StoredDocument>;

const conditions = ({ in: some = {}, upTo = {} }: Where): Filter[] => [
  ...Object.entries(some).map(([field, values]) => ({ [field]: { $in: values } })),
  // A comparison with a number never matches null.
  ...Object.entries(upTo).map(([field, limit]) => ({ [field]: { $lte: limit } })),
];

const allOf = (filters: readonly Filter[]): Filter => (filters.length === 0 ? {} : { $and: [...filters] });

/**
 * Documents of a kind in MongoDB. Uses single-document operations only: find, insert, update with `$set` of whole
 * fields, delete. They therefore run on any MongoDB, replica set or not.
 */
export class MongoDocumentStore<T extends Versioned> implements DocumentStore<T> {
  readonly #model: Model<StoredDocument>;
  readonly #parts: MongoStoreParts<T>;

  constructor(parts: MongoStoreParts<T>) {
    const { kind, connection } = parts;
    const schema = mongooseSchema(kind.collection, kind.schema, kind.indexes);
    this.#parts = parts;
    this.#model = connection.model<StoredDocument>(kind.name, schema as unknown as Schema<StoredDocument>);
  }

  /** Creates missing indexes. */
  async createIndexes(): Promise<void> {
    await atDatabase(async () => this.#model.createIndexes());
  }

  async insert(entity: T): Promise<boolean> {
    return atDatabase(async () => {
      try {
        await this.#model.create(this.#parts.kind.toDocument(entity));
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    });
  }

  async replace(next: T, expected: number): Promise<boolean> {
    const { _id, ...fields } = this.#parts.kind.toDocument(next);
    const filter: Filter = { _id, workspace_id: next.workspaceId, version: expected };
    const { matchedCount } = await atDatabase(async () =>
      this.#model.updateOne(filter, { $set: fields }).exec(),
    );
    return matchedCount === 1;
  }

  async find(scope: Scope, id: string): Promise<T | null> {
    return this.#findOne({ _id: id, ...this.#within(scope) });
  }

  async findAnywhere(id: string): Promise<T | null> {
    return this.#findOne({ _id: id });
  }

  async list(scope: Scope, { where, afterId, limit, order }: ListQuery): Promise<Listed<T>> {
    // Both conditions apply, so that a filter can never widen the scope of a key.
    const wanted: Filter[] = [this.#within(scope), ...conditions(where)];
    const isRising = order === 'rising';
    if (afterId !== null) wanted.push({ _id: isRising ? { $gt: afterId } : { $lt: afterId } });
    return this.#findMany(allOf(wanted), { limit, order: isRising ? 1 : -1 });
  }

  async count(scope: Scope, where: Where, atMost: number): Promise<number> {
    const filter = allOf([this.#within(scope), ...conditions(where)]);
    const found = await atDatabase(async () =>
      this.#model.find(filter, { _id: 1 }).limit(atMost).lean().exec(),
    );
    return found.length;
  }

  async listAll({
    where = {},
    afterId,
    limit,
  }: PageRequest & Readonly<{ where?: Where }>): Promise<Listed<T>> {
    const wanted: Filter[] = conditions(where);
    if (afterId !== null) wanted.push({ _id: { $gt: afterId } });
    return this.#findMany(allOf(wanted), { limit, order: 1 });
  }

  async settle(id: string, version: number, { isPublished, isAudited }: Settled): Promise<void> {
    const fields = {
      ...(isPublished ? { unpublished: false } : {}),
      ...(isAudited ? { unaudited: false, audit: null } : {}),
    };
    if (Object.keys(fields).length === 0) return;
    await atDatabase(async () => this.#model.updateOne({ _id: id, version }, { $set: fields }).exec());
  }

  async setFlags(id: string, version: number, fields: Readonly<Record<string, boolean>>): Promise<void> {
    await atDatabase(async () => this.#model.updateOne({ _id: id, version }, { $set: fields }).exec());
  }

  async purge(id: string, version: number): Promise<void> {
    const filter: Filter = { _id: id, version, state: 'deleted' };
    await atDatabase(async () => this.#model.deleteOne(filter).exec());
  }

  #within({ workspaceId, consumerId }: Scope): Filter {
    const { properties } = this.#parts.kind.schema;
    return consumerId === null || properties['consumer_id'] === undefined
      ? { workspace_id: workspaceId }
      : { workspace_id: workspaceId, consumer_id: consumerId };
  }

  async #findOne(filter: Filter): Promise<T | null> {
    const raw: unknown = await atDatabase(async () => this.#model.findOne(filter).lean().exec());
    return raw === null ? null : this.#parts.kind.fromDocument(raw);
  }

  async #findMany(
    filter: Filter,
    { limit, order }: Readonly<{ limit: number; order: 1 | -1 }>,
  ): Promise<Listed<T>> {
    // One document more than the page shows whether another page follows.
    const found = await atDatabase(async () =>
      this.#model
        .find(filter)
        .sort({ _id: order })
        .limit(limit + 1)
        .lean()
        .exec(),
    );
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    return {
      items: shown.flatMap((raw) => this.#readable(raw)),
      nextAfterId: last === undefined ? null : last._id,
    };
  }

  // One unreadable document must not make its whole page unreadable.
  #readable(raw: unknown): T[] {
    const { kind, metrics, logger } = this.#parts;
    try {
      return [kind.fromDocument(raw)];
    } catch (error) {
      metrics.unreadable.inc({ kind: kind.name });
      logger.error({ kind: kind.name, detail: messageOf(error) }, 'document.not-decoded');
      return [];
    }
  }
}
