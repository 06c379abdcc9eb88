import {
  insertNew,
  type OperationHistogram,
  plainCollection,
  type TimedOperation,
  timedOperations,
} from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import { type BucketRef, bucketStart, granularities, keyFrom, keysOf } from '../domain/bucket.ts';
import { fieldName } from '../domain/count-facts.ts';
import type { BucketCell, BucketChange, BucketQuery, StatisticsStore, StoredBucket } from '../ports.ts';
import { type BucketDocument, cellsByPath, cellsOf, toCellDocument } from './bucket-document.ts';

const schema = new Schema<BucketDocument>({ _id: String }, { ...plainCollection, collection: 'statistics' });
// For the purge. Queries use ranges of _id, so a change of a document changes no index.
schema.index({ expires: 1 });

const updateOf = ({ bucket, expected, offset, changed }: BucketChange): object => {
  const fields: Record<string, unknown> = { applied: offset };
  for (const [path, cell] of changed.cells) fields[path] = toCellDocument(cell);
  for (const [path, owner] of changed.owners) fields[path] = owner;
  return { updateOne: { filter: { _id: bucket.key, applied: expected }, update: { $set: fields } } };
};

const fieldsOf = ({ isByRow, subscriptionId, ownerId }: BucketQuery): Readonly<Record<string, 1>> => {
  const names = isByRow
    ? subscriptionId === undefined
      ? ['rows', 'events']
      : [`rows.${fieldName(subscriptionId)}`]
    : [ownerId === null ? 'consumers' : `consumers.${fieldName(ownerId)}`];
  return Object.fromEntries(['start', ...names].map((name) => [name, 1 as const]));
};

/**
 * The statistics in MongoDB. Every write is compare-and-set on `applied`. All granularities are in one collection, so a
 * batch is one command: the embedded MongoDB spends more on a command than on its documents.
 */
export class MongoStatisticsStore implements StatisticsStore {
  readonly #model: Model<BucketDocument>;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#model = connection.model<BucketDocument>('Statistics', schema);
    this.#timed = timedOperations(seconds);
  }

  /** Creates the missing indexes. */
  async createIndexes(): Promise<void> {
    await this.#timed('create-indexes', async () => this.#model.createIndexes());
  }

  async open(buckets: readonly BucketRef[]): Promise<ReadonlyMap<string, StoredBucket>> {
    const documents = buckets.map(({ key, startMs, expiresMs }) => ({
      ...{ _id: key, start: new Date(startMs), expires: new Date(expiresMs), applied: -1 },
    }));
    const taken = await this.#timed('open-statistics', async () => insertNew(this.#model, documents));
    const found = new Map<string, StoredBucket>();
    for (const { key } of buckets) found.set(key, { offset: -1, cells: new Map() });
    const existing = buckets.filter((_, at) => taken.has(at)).map(({ key }) => key);
    if (existing.length === 0) return found;
    const stored = await this.#timed('read-statistics', async () =>
      this.#model.find({ _id: { $in: existing } }).lean<BucketDocument[]>(),
    );
    for (const document of stored) {
      found.set(document._id, { offset: Number(document.applied), cells: cellsByPath(document) });
    }
    return found;
  }

  async apply(changes: readonly BucketChange[]): Promise<number> {
    const { matchedCount } = await this.#timed('apply-statistics', async () =>
      this.#model.collection.bulkWrite(changes.map(updateOf) as never, { ordered: false }),
    );
    return matchedCount;
  }

  async *read(query: BucketQuery): AsyncIterable<BucketCell> {
    const { granularity, workspaceId, startMs, endMs } = query;
    // A key continues behind that, so it is greater.
    const range = {
      $gt: keyFrom(workspaceId, granularity, startMs),
      $lt: keyFrom(workspaceId, granularity, endMs),
    };
    const documents = await this.#timed('list-statistics', async () =>
      this.#model.find({ _id: range }, fieldsOf(query)).lean<BucketDocument[]>(),
    );
    for (const document of documents) yield* cellsOf(document, query);
  }

  async purge(nowMs: number, limit: number): Promise<number> {
    return this.#remove({ expires: { $lt: new Date(nowMs) } }, limit);
  }

  async purgeOf(workspaceId: string, beforeMs: number, limit: number): Promise<number> {
    const ended = granularities.map((granularity) => ({
      _id: {
        $gt: keysOf(workspaceId, granularity),
        $lt: keyFrom(workspaceId, granularity, bucketStart(granularity, beforeMs)),
      },
    }));
    let removed = 0;
    for (const conditions of ended) {
      if (removed < limit) removed += await this.#remove(conditions, limit - removed);
    }
    return removed;
  }

  async #remove(conditions: object, limit: number): Promise<number> {
    return this.#timed('purge-statistics', async () => {
      const found = await this.#model
        .find(conditions as never, { _id: 1 })
        .limit(limit)
        .lean<{ _id: string }[]>();
      if (found.length === 0) return 0;
      const ids = found.map(({ _id }) => _id);
      return (await this.#model.deleteMany({ _id: { $in: ids } })).deletedCount;
    });
  }
}
