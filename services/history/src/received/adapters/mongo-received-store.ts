import { type EventId, eventId, firstReceivedId } from '@tidings/contracts';
import {
  insertNew,
  type OperationHistogram,
  plainCollection,
  type TimedOperation,
  timedOperations,
} from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import type { Conditions } from '../../adapters/list-conditions.ts';
import { workspacesOf } from '../../adapters/purge-by-workspace.ts';
import type { ReceivedWebhook } from '../domain/received-webhook.ts';
import type { ReceivedFilters, ReceivedStore } from '../ports.ts';
import { fromDocument, type ReceivedDocument, resultsOf, toDocument } from './received-document.ts';

const schema = new Schema<ReceivedDocument>({ _id: String }, { ...plainCollection, collection: 'received' });
schema.index({ workspace_id: 1, source_id: 1, _id: -1 });
schema.index({ workspace_id: 1, source_id: 1, result: 1, _id: -1 });
schema.index({ workspace_id: 1, source_id: 1, type: 1, result: 1, _id: -1 });
// For lists by event; for the embedded MongoDB also the next one, as it has no list of strings in a compound index.
schema.index({ event_ids: 1 });
// The first webhook of an event, beside any number of repeats.
schema.index({ event_ids: 1, result: 1 });
// For purges.
schema.index({ workspace_id: 1, _id: -1 });

const resultCondition = ({ outcome, reason, eventType }: ReceivedFilters): Conditions => {
  // Only accepted webhooks have a type: with their results named, the index is in the order of the list.
  const ofOutcome =
    outcome === undefined ? (eventType === undefined ? null : ['accepted', 'repeated']) : resultsOf(outcome);
  if (reason === undefined) return ofOutcome === null ? {} : { result: { $in: ofOutcome } };
  const isPossible = ofOutcome === null || ofOutcome.includes(reason);
  return { result: { $in: isPossible ? [reason] : [] } };
};

/** Returns the condition on the id that a range of time and the position of a page are. */
const idCondition = ({ afterMs, beforeMs }: ReceivedFilters, afterId: string | null): Conditions => {
  const ends = [
    ...(beforeMs === undefined ? [] : [firstReceivedId(beforeMs)]),
    ...(afterId === null ? [] : [afterId]),
  ].toSorted();
  const range = {
    ...(afterMs === undefined ? {} : { $gt: firstReceivedId(afterMs + 1) }),
    ...(ends[0] === undefined ? {} : { $lt: ends[0] }),
  };
  return Object.keys(range).length === 0 ? {} : { _id: range };
};

const conditionsOf = (filters: ReceivedFilters, afterId: string | null): Conditions => ({
  workspace_id: filters.workspaceId,
  source_id: filters.sourceId,
  ...resultCondition(filters),
  ...(filters.eventType === undefined ? {} : { type: filters.eventType }),
  ...(filters.eventId === undefined ? {} : { event_ids: filters.eventId }),
  ...idCondition(filters, afterId),
});

/** The received webhooks in MongoDB: one small document each, which never changes. */
export class MongoReceivedStore implements ReceivedStore {
  readonly #model: Model<ReceivedDocument>;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#model = connection.model<ReceivedDocument>('Received', schema);
    this.#timed = timedOperations(seconds);
  }

  /** Creates the missing indexes. */
  async createIndexes(): Promise<void> {
    await this.#timed('create-indexes', async () => this.#model.createIndexes());
  }

  async insert(webhooks: readonly ReceivedWebhook[]): Promise<void> {
    if (webhooks.length === 0) return;
    await this.#timed('insert-received', async () => insertNew(this.#model, webhooks.map(toDocument)));
  }

  async firstsOf(events: readonly EventId[]): Promise<Map<EventId, string>> {
    const firsts = new Map<EventId, string>();
    if (events.length === 0) return firsts;
    const found = await this.#timed('find-received', async () =>
      this.#model
        .find({ event_ids: { $in: [...events] }, result: 'accepted' } as never, { event_ids: 1 })
        .lean<Pick<ReceivedDocument, '_id' | 'event_ids'>[]>(),
    );
    for (const { _id, event_ids: ids = [] } of found)
      for (const id of ids.map(eventId)) {
        const first = firsts.get(id);
        if (first === undefined || _id < first) firsts.set(id, _id);
      }
    return firsts;
  }

  async list(
    filters: ReceivedFilters,
    { limit, afterId }: Readonly<{ limit: number; afterId: string | null }>,
  ): Promise<readonly ReceivedWebhook[]> {
    const documents = await this.#timed('list-received', async () =>
      this.#model
        .find(conditionsOf(filters, afterId))
        .sort({ _id: -1 })
        .limit(limit)
        .lean<ReceivedDocument[]>(),
    );
    return documents.map(fromDocument);
  }

  async workspaces(): Promise<readonly (string | null)[]> {
    return this.#timed('workspaces-of-received', async () => workspacesOf(this.#model));
  }

  async purge(workspaceId: string | null, beforeMs: number, limit: number): Promise<number> {
    return this.#timed('purge-received', async () => {
      const expired = { workspace_id: workspaceId, _id: { $lt: firstReceivedId(beforeMs) } };
      const found = await this.#model
        .find(expired as never, { _id: 1 })
        .limit(limit)
        .lean<Pick<ReceivedDocument, '_id'>[]>();
      const { deletedCount } = await this.#model.deleteMany({
        _id: { $in: found.map(({ _id }) => _id) },
      } as never);
      return deletedCount;
    });
  }
}
