import { type DeliveryId, deliveryId, type EventId, eventId, type WorkspaceId } from '@tidings/contracts';
import {
  insertNew,
  type OperationHistogram,
  plainCollection,
  type TimedOperation,
  timedOperations,
} from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import { purgeOf, workspacesOf } from '../../adapters/purge-by-workspace.ts';
import {
  countsOfGroups,
  groupUndelivered,
  type UndeliveredGroupDocument,
} from '../../adapters/undelivered-groups.ts';
import type { TenantScope } from '../../domain/tenant-scope.ts';
import type { UndeliveredCount } from '../../domain/undelivered-count.ts';
import { readAtOnce } from '../../list-in-steps.ts';
import { type Delivery, type DeliveryStatus, documentKey } from '../domain/delivery.ts';
import type { ReplayEnd } from '../domain/replay-outcomes.ts';
import { positionOf } from '../list-deliveries.ts';
import type { DeliveryFilters, DeliveryStore, ListPage, OutcomeCounts, StoredDelivery } from '../ports.ts';
import { indexedFilters, isScanned } from '../scanned-filters.ts';
import { conditionsOf, ofEvents, pageConditions } from './delivery-conditions.ts';
import { type DeliveryDocument, fromDocument, toDocument, toSummary } from './delivery-document.ts';
import { ReplayEnds } from './replay-ends.ts';

type CountOfEvent = Readonly<{ _id: Readonly<{ event: string; status: DeliveryStatus }>; count: number }>;

const schema = new Schema<DeliveryDocument>(
  { _id: String },
  { ...plainCollection, collection: 'deliveries' },
);
// Each index adds to the cost of every insert. The document key serves queries by event.
schema.index({ workspace_id: 1, created_at: -1, _id: -1 });
schema.index({ workspace_id: 1, status: 1, created_at: -1, _id: -1 });
schema.index({ workspace_id: 1, consumer_id: 1, created_at: -1, _id: -1 });
schema.index({ workspace_id: 1, event_type: 1, created_at: -1, _id: -1 });
schema.index({ subscription_id: 1, created_at: -1, _id: -1 });
schema.index({ delivery_id: 1 });

/** Returns the filters within a step: up to and with the millisecond in which it ends. */
const upTo = (filters: DeliveryFilters, endMs: number, isOldestFirst: boolean): DeliveryFilters =>
  isOldestFirst
    ? { ...filters, createdBeforeMs: Math.min(filters.createdBeforeMs ?? Infinity, endMs + 1) }
    : { ...filters, createdAfterMs: Math.max(filters.createdAfterMs ?? -Infinity, endMs - 1) };

/**
 * The read model in MongoDB: one document per delivery, written by single-document operations only, so it runs on any
 * MongoDB. Bulk writes use the driver's collection: casting and hydrating each document would cost more than the write.
 */
export class MongoDeliveryStore implements DeliveryStore {
  readonly #model: Model<DeliveryDocument>;
  readonly #replayEnds: ReplayEnds;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#model = connection.model<DeliveryDocument>('Delivery', schema);
    this.#timed = timedOperations(seconds);
    this.#replayEnds = new ReplayEnds(connection, this.#timed);
  }

  /** Creates the missing indexes. */
  async createIndexes(): Promise<void> {
    await this.#timed('create-indexes', async () => this.#model.createIndexes());
    await this.#replayEnds.createIndexes();
  }

  async insert(deliveries: readonly Delivery[]): Promise<ReadonlySet<DeliveryId>> {
    const documents = deliveries.map((delivery) => toDocument(delivery, 1));
    const taken = await this.#timed('insert', async () => insertNew(this.#model, documents));
    return new Set(deliveries.filter((_, at) => taken.has(at)).map(({ id }) => id));
  }

  async read(
    deliveries: readonly Pick<Delivery, 'eventId' | 'id'>[],
  ): Promise<ReadonlyMap<DeliveryId, StoredDelivery>> {
    const keys = deliveries.map(documentKey);
    const documents = await this.#timed('read', async () =>
      this.#model.find({ _id: { $in: keys } }).lean<DeliveryDocument[]>(),
    );
    return new Map(documents.map((document) => [deliveryId(document.delivery_id), fromDocument(document)]));
  }

  async replace(changes: readonly StoredDelivery[]): Promise<number> {
    const updates = changes.map(({ delivery, rev }) => {
      const { _id, ...fields } = toDocument(delivery, rev + 1);
      return { updateOne: { filter: { _id, rev }, update: { $set: fields } } };
    });
    const { matchedCount } = await this.#timed('replace', async () =>
      this.#model.collection.bulkWrite(updates as never, { ordered: false }),
    );
    return matchedCount;
  }

  async find(id: DeliveryId, filters: DeliveryFilters): Promise<Delivery | null> {
    const document = await this.#timed('find', async () =>
      this.#model.findOne({ delivery_id: id, ...conditionsOf(filters) }).lean<DeliveryDocument>(),
    );
    return document === null ? null : fromDocument(document).delivery;
  }

  async list(filters: DeliveryFilters, page: ListPage) {
    const direction = page.isOldestFirst === true ? 1 : -1;
    const documents = await this.#timed('list', async () =>
      this.#model
        .find(pageConditions(filters, page), { attempts: 0 })
        .sort({ created_at: direction, _id: direction })
        .limit(page.limit)
        .lean<DeliveryDocument[]>(),
    );
    return documents.map(toSummary);
  }

  async step(filters: DeliveryFilters, page: ListPage) {
    const endMs = isScanned(filters) ? await this.#endOfStep(indexedFilters(filters), page) : null;
    const isOldestFirst = page.isOldestFirst === true;
    const found = await this.list(endMs === null ? filters : upTo(filters, endMs, isOldestFirst), page);
    const last = found.at(-1);
    if (last !== undefined && found.length >= page.limit) return { found, reached: positionOf(last) };
    // Behind all that were created in that millisecond.
    return { found, reached: endMs === null ? null : { createdAtMs: endMs, key: isOldestFirst ? '~' : '' } };
  }

  /** Returns the time of the last delivery that a step reads; null if it reads all. An index has all that this needs. */
  async #endOfStep(filters: DeliveryFilters, page: ListPage): Promise<number | null> {
    const order = page.isOldestFirst === true ? 1 : -1;
    const read = await this.#timed('scan', async () =>
      this.#model
        .find(pageConditions(filters, page), { created_at: 1 })
        .sort({ created_at: order, _id: order })
        .limit(readAtOnce)
        .lean<DeliveryDocument[]>(),
    );
    return read[readAtOnce - 1]?.created_at.getTime() ?? null;
  }

  async countByEvent(
    events: readonly EventId[],
    scope: TenantScope,
  ): Promise<ReadonlyMap<EventId, OutcomeCounts>> {
    const counts = new Map<EventId, Record<string, number>>();
    if (events.length === 0) return counts;
    const groups = await this.#timed('count-by-event', async () =>
      this.#model.aggregate<CountOfEvent>([
        { $match: { ...conditionsOf(scope), ...ofEvents(events) } },
        { $group: { _id: { event: '$event_id', status: '$status' }, count: { $sum: 1 } } },
      ]),
    );
    for (const { _id, count } of groups) {
      const id = eventId(_id.event);
      counts.set(id, { ...counts.get(id), [_id.status]: count });
    }
    return counts;
  }

  async count(filters: DeliveryFilters): Promise<number> {
    return this.#timed('count', async () => this.#model.countDocuments(conditionsOf(filters)));
  }

  async countUnderWay(filters: DeliveryFilters, limit: number): Promise<readonly UndeliveredCount[]> {
    const stages = groupUndelivered(
      { ...conditionsOf(filters), status: { $in: ['pending', 'retrying'] } },
      {
        ...{ status: 'status', reason: 'status_reason', last: 'last_reason' },
        ...{ oldest: 'created_at', next: 'next_attempt_at' },
      },
      limit,
    );
    const groups = await this.#timed('count-under-way', async () =>
      this.#model.aggregate<UndeliveredGroupDocument>(stages),
    );
    return countsOfGroups(groups);
  }

  async putReplayEnds(deliveries: readonly Delivery[]): Promise<void> {
    return this.#replayEnds.put(deliveries);
  }

  async countReplayed(workspace: WorkspaceId, end: ReplayEnd): Promise<number> {
    return this.#replayEnds.count(workspace, end);
  }

  async workspaces(): Promise<readonly (string | null)[]> {
    return this.#timed('workspaces', async () => workspacesOf(this.#model));
  }

  async purge(workspaceId: string | null, beforeMs: number, limit: number): Promise<number> {
    await this.#replayEnds.purge({ workspaceId, beforeMs, limit });
    return this.#timed('purge', async () =>
      purgeOf(this.#model, 'created_at', { workspaceId, beforeMs, limit }),
    );
  }
}
