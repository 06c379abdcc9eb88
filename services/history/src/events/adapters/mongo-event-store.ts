import type { EventId } from '@tidings/contracts';
import {
  insertNew,
  type OperationHistogram,
  plainCollection,
  type TimedOperation,
  timedOperations,
} from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import { type Conditions, followingIn, timeBetween } from '../../adapters/list-conditions.ts';
import { purgeOf, workspacesOf } from '../../adapters/purge-by-workspace.ts';
import { typeCondition } from '../../adapters/type-condition.ts';
import type { TenantScope } from '../../domain/tenant-scope.ts';
import { readAtOnce } from '../../list-in-steps.ts';
import type { StoredEvent } from '../domain/event.ts';
import { positionOf } from '../list-events.ts';
import type { EventFilters, EventPage, EventStore } from '../ports.ts';
import { indexedFilters, isScanned } from '../scanned-filters.ts';
import {
  audienceText,
  type EventDocument,
  erasedFields,
  fromDocument,
  toDocument,
} from './event-document.ts';

const schema = new Schema<EventDocument>({ _id: String }, { ...plainCollection, collection: 'events' });
// Each index adds to the cost of every insert.
schema.index({ workspace_id: 1, accepted_at: -1, _id: -1 });
schema.index({ workspace_id: 1, audience: 1, accepted_at: -1, _id: -1 });
schema.index({ workspace_id: 1, type: 1, accepted_at: -1, _id: -1 });
schema.index({ workspace_id: 1, caller_id: 1, accepted_at: -1, _id: -1 });

const consumerText = (consumerId: NonNullable<TenantScope['ownerId']>): string =>
  audienceText({ kind: 'consumer', consumerId });

const audienceCondition = ({
  ownerId,
  consumerId,
}: Pick<EventFilters, 'ownerId' | 'consumerId'>): Conditions => {
  if (ownerId === null) return consumerId === undefined ? {} : { audience: consumerText(consumerId) };
  const visible =
    consumerId === undefined
      ? [audienceText({ kind: 'everybody' }), consumerText(ownerId)]
      : consumerId === ownerId
        ? [consumerText(ownerId)]
        : [];
  return { audience: { $in: visible } };
};

const conditionsOf = (filters: EventFilters): Conditions => {
  const { workspaceId, type, source, orderingKey, callerId, acceptedAfterMs, acceptedBeforeMs } = filters;
  const ofType = type === undefined ? undefined : typeCondition(type);
  return {
    workspace_id: workspaceId,
    ...audienceCondition(filters),
    ...(ofType === undefined ? {} : { type: ofType }),
    ...(source === undefined ? {} : { source }),
    ...(orderingKey === undefined ? {} : { ordering_key: orderingKey }),
    ...(callerId === undefined ? {} : { caller_id: callerId }),
    ...timeBetween('accepted_at', acceptedAfterMs, acceptedBeforeMs),
  };
};

const pageConditions = (filters: EventFilters, { after }: EventPage): Conditions => ({
  ...conditionsOf(filters),
  ...(after === null ? {} : followingIn('accepted_at', { timeMs: after.acceptedAtMs, key: after.id })),
});

/** The events in MongoDB: one small document each, which never changes. */
export class MongoEventStore implements EventStore {
  readonly #model: Model<EventDocument>;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#model = connection.model<EventDocument>('Event', schema);
    this.#timed = timedOperations(seconds);
  }

  /** Creates the missing indexes. */
  async createIndexes(): Promise<void> {
    await this.#timed('create-indexes', async () => this.#model.createIndexes());
  }

  async insert(events: readonly StoredEvent[]): Promise<number> {
    if (events.length === 0) return 0;
    const documents = events.map(toDocument);
    const taken = await this.#timed('insert-events', async () => insertNew(this.#model, documents));
    return events.length - taken.size;
  }

  async erase(ids: readonly EventId[]): Promise<number> {
    if (ids.length === 0) return 0;
    const { modifiedCount } = await this.#timed('erase-events', async () =>
      this.#model.updateMany({ _id: { $in: [...ids] } }, { $set: erasedFields }),
    );
    return modifiedCount;
  }

  async find(id: EventId, scope: TenantScope): Promise<StoredEvent | null> {
    const document = await this.#timed('find-event', async () =>
      this.#model.findOne({ _id: id, ...conditionsOf(scope) }).lean<EventDocument>(),
    );
    return document === null ? null : fromDocument(document);
  }

  async findAll(ids: readonly EventId[], scope: TenantScope): Promise<ReadonlyMap<EventId, StoredEvent>> {
    if (ids.length === 0) return new Map();
    const documents = await this.#timed('find-events', async () =>
      this.#model.find({ _id: { $in: [...ids] }, ...conditionsOf(scope) }).lean<EventDocument[]>(),
    );
    return new Map(documents.map(fromDocument).map((event) => [event.id, event]));
  }

  async list(filters: EventFilters, page: EventPage): Promise<readonly StoredEvent[]> {
    const documents = await this.#timed('list-events', async () =>
      this.#model
        .find(pageConditions(filters, page))
        .sort({ accepted_at: -1, _id: -1 })
        .limit(page.limit)
        .lean<EventDocument[]>(),
    );
    return documents.map(fromDocument);
  }

  async step(filters: EventFilters, page: EventPage) {
    const endMs = isScanned(filters) ? await this.#endOfStep(indexedFilters(filters), page) : null;
    const acceptedAfterMs = Math.max(filters.acceptedAfterMs ?? -Infinity, (endMs ?? 0) - 1);
    const found = await this.list(endMs === null ? filters : { ...filters, acceptedAfterMs }, page);
    const last = found.at(-1);
    if (last !== undefined && found.length >= page.limit) return { found, reached: positionOf(last) };
    // Behind all that were accepted in that millisecond.
    return { found, reached: endMs === null ? null : { acceptedAtMs: endMs, id: '' } };
  }

  /** Returns the time of the last event that a step reads; null if it reads all. An index has all that this needs. */
  async #endOfStep(filters: EventFilters, page: EventPage): Promise<number | null> {
    const read = await this.#timed('scan-events', async () =>
      this.#model
        .find(pageConditions(filters, page), { accepted_at: 1 })
        .sort({ accepted_at: -1, _id: -1 })
        .limit(readAtOnce)
        .lean<EventDocument[]>(),
    );
    return read[readAtOnce - 1]?.accepted_at.getTime() ?? null;
  }

  async count(filters: EventFilters): Promise<number> {
    const [found] = await this.#timed('count-events', async () =>
      this.#model.aggregate<{ count: number }>([
        { $match: conditionsOf(filters) },
        { $group: { _id: null, count: { $sum: 1 } } },
      ]),
    );
    return found?.count ?? 0;
  }

  async workspaces(): Promise<readonly (string | null)[]> {
    return this.#timed('workspaces-of-events', async () => workspacesOf(this.#model));
  }

  async purge(workspaceId: string | null, beforeMs: number, limit: number): Promise<number> {
    return this.#timed('purge-events', async () =>
      purgeOf(this.#model, 'accepted_at', { workspaceId, beforeMs, limit }),
    );
  }
}
