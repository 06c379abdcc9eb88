import {
  isDuplicateKey,
  type OperationHistogram,
  plainCollection,
  type TimedOperation,
  timedOperations,
} from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import type { RequestedRetry, RetryStore } from '../ports.ts';

/** The newest retry of a delivery in MongoDB. */
type RetryDocument = Readonly<{
  /** See documentKey. */
  _id: string;
  chain: number;
  run_id: string;
  requested_at: Date;
}>;

const schema = new Schema<RetryDocument>(
  { _id: String },
  { ...plainCollection, collection: 'delivery_retries' },
);
schema.index({ requested_at: 1 });

const fieldsOf = ({ chain, runId, atMs }: RequestedRetry): Omit<RetryDocument, '_id'> => ({
  chain,
  run_id: runId,
  requested_at: new Date(atMs),
});

/** Requested retries in MongoDB. */
export class MongoRetryStore implements RetryStore {
  readonly #model: Model<RetryDocument>;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#model = connection.model<RetryDocument>('DeliveryRetry', schema);
    this.#timed = timedOperations(seconds);
  }

  /** Creates the missing indexes. */
  async createIndexes(): Promise<void> {
    await this.#timed('create-indexes', async () => this.#model.createIndexes());
  }

  async find(key: string): Promise<RequestedRetry | null> {
    const document = await this.#timed('find-retry', async () =>
      this.#model.findOne({ _id: key }).lean<RetryDocument>(),
    );
    return document === null
      ? null
      : { chain: document.chain, runId: document.run_id, atMs: document.requested_at.getTime() };
  }

  async replace(key: string, previous: RequestedRetry | null, retry: RequestedRetry): Promise<boolean> {
    return this.#timed('replace-retry', async () => {
      if (previous === null) return this.#insert({ _id: key, ...fieldsOf(retry) });
      const filter = { _id: key, chain: previous.chain, run_id: previous.runId };
      const { matchedCount } = await this.#model.updateOne(filter, { $set: fieldsOf(retry) });
      return matchedCount === 1;
    });
  }

  async purge(requestedBeforeMs: number, limit: number): Promise<number> {
    return this.#timed('purge-retries', async () => {
      const found = await this.#model
        .find({ requested_at: { $lt: new Date(requestedBeforeMs) } }, { _id: 1 })
        .limit(limit)
        .lean<{ _id: string }[]>();
      if (found.length === 0) return 0;
      const { deletedCount } = await this.#model.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
      return deletedCount;
    });
  }

  async #insert(document: RetryDocument): Promise<boolean> {
    try {
      await this.#model.collection.insertOne(document as never);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
