import { type SubscriptionId, subscriptionId } from '@tidings/contracts';
import type { Logger, Metrics } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import { type Connection, type Model, type QueryFilter, Schema } from 'mongoose';
import type { metricsCatalogue } from '../../metrics.ts';
import { atDatabase, isDuplicateKey } from '../../registry/adapters/mongo-connection.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { Listed, Reach, Stretch, SubscriptionStore } from '../ports.ts';
import {
  fromDocument,
  readSubscriptionDocument,
  type SubscriptionDocument,
  toDocument,
} from './subscription-document.ts';

const exact = { strict: 'throw', strictQuery: 'throw', _id: false } as const;
const nullable = (type: unknown): object => ({ type, default: null });

const schema = new Schema(
  {
    _id: String,
    schema_version: Number,
    workspace_id: String,
    consumer_id: nullable(String),
    state: String,
    version: Number,
    enabled_version: Number,
    on_enable: String,
    endpoint_url: String,
    description: nullable(String),
    events: [String],
    filters_json: nullable(String),
    ordering: String,
    on_exhausted: String,
    format: String,
    signature_style: String,
    headers: [new Schema({ name: String, value: String }, exact)],
    timeout_ms: Number,
    retry_schedule_seconds: [Number],
    rate_limit: nullable(new Schema({ per_second: Number, burst: Number }, exact)),
    max_in_flight: Number,
    secrets: [
      new Schema(
        {
          id: String,
          sealed: String,
          public_key: nullable(String),
          created_at_ms: Number,
          expires_at_ms: nullable(Number),
        },
        { ...exact, id: false },
      ),
    ],
    next_secret_expiry_ms: nullable(Number),
    disabled_at_ms: nullable(Number),
    disabled_reason: nullable(String),
    created_at_ms: Number,
    updated_at_ms: Number,
    deleted_at_ms: nullable(Number),
    unpublished: Boolean,
  },
  {
    collection: 'subscriptions',
    strict: 'throw',
    strictQuery: 'throw',
    versionKey: false,
    minimize: false,
    autoIndex: false,
    autoCreate: false,
    id: false,
  },
);
schema.index({ workspace_id: 1, _id: -1 });
schema.index({ workspace_id: 1, consumer_id: 1, _id: -1 });
schema.index({ unpublished: 1, _id: 1 });
schema.index({ next_secret_expiry_ms: 1 });
schema.index({ state: 1, deleted_at_ms: 1 });

/** What the store needs. Documents that cannot be read are left out of lists, counted and told. */
export type MongoStoreParts = Readonly<{
  connection: Connection;
  logger: Logger;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'unreadable'>;
}>;

type Filter = QueryFilter<SubscriptionDocument>;

const within = ({ workspaceId, consumerId }: Reach): Filter =>
  consumerId === null
    ? { workspace_id: workspaceId }
    : { workspace_id: workspaceId, consumer_id: consumerId };

/**
 * The registry in MongoDB, by single-document operations only: find, insert, update with `$set` of whole fields, delete.
 * It therefore runs on any MongoDB, replica set or not.
 */
export class MongoSubscriptionStore implements SubscriptionStore {
  readonly #model: Model<SubscriptionDocument>;
  readonly #parts: MongoStoreParts;

  constructor(parts: MongoStoreParts) {
    this.#parts = parts;
    this.#model = parts.connection.model<SubscriptionDocument>(
      'Subscription',
      schema as unknown as Schema<SubscriptionDocument>,
    );
  }

  /** Makes the indexes that are missing. */
  async createIndexes(): Promise<void> {
    await atDatabase(async () => this.#model.createIndexes());
  }

  async insert(subscription: Subscription): Promise<boolean> {
    return atDatabase(async () => {
      try {
        await this.#model.create(toDocument(subscription));
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    });
  }

  async replace(next: Subscription, expected: number): Promise<boolean> {
    const { _id, ...fields } = toDocument(next);
    const filter: Filter = { _id, workspace_id: next.workspaceId, version: expected };
    const { matchedCount } = await atDatabase(async () =>
      this.#model.updateOne(filter, { $set: fields }).exec(),
    );
    return matchedCount === 1;
  }

  async find(reach: Reach, id: SubscriptionId): Promise<Subscription | null> {
    return this.#findOne({ _id: id, ...within(reach) });
  }

  async findAnywhere(id: SubscriptionId): Promise<Subscription | null> {
    return this.#findOne({ _id: id });
  }

  async list(reach: Reach, query: Parameters<SubscriptionStore['list']>[1]): Promise<Listed> {
    const { consumerId, patterns, states, afterId, limit } = query;
    // Both conditions stand, so that a filter can never widen what a key sees.
    const wanted: Filter[] = [within(reach), { state: { $in: states } }];
    if (consumerId !== null) wanted.push({ consumer_id: consumerId });
    if (patterns !== null) wanted.push({ events: { $in: patterns } });
    if (afterId !== null) wanted.push({ _id: { $lt: afterId } });
    return this.#findMany({ $and: wanted }, { limit, order: -1 });
  }

  async count(workspaceId: string, atMost: number): Promise<number> {
    const filter: Filter = { workspace_id: workspaceId, state: { $in: ['active', 'disabled'] } };
    const found = await atDatabase(async () =>
      this.#model.find(filter, { _id: 1 }).limit(atMost).lean().exec(),
    );
    return found.length;
  }

  async listAll(stretch: Stretch): Promise<Listed> {
    return this.#stretch({}, stretch);
  }

  async listUnpublished(stretch: Stretch): Promise<Listed> {
    return this.#stretch({ unpublished: true }, stretch);
  }

  async listWithEndedSecrets(query: Stretch & Readonly<{ nowMs: number }>): Promise<Listed> {
    // A comparison with a number never matches null.
    return this.#stretch({ next_secret_expiry_ms: { $lte: query.nowMs } }, query);
  }

  async listDeletedBefore(query: Stretch & Readonly<{ deletedBeforeMs: number }>): Promise<Listed> {
    return this.#stretch({ state: 'deleted', deleted_at_ms: { $lt: query.deletedBeforeMs } }, query);
  }

  async markPublished(id: SubscriptionId, version: number): Promise<void> {
    const filter: Filter = { _id: id, version };
    await atDatabase(async () => this.#model.updateOne(filter, { $set: { unpublished: false } }).exec());
  }

  async purge(id: SubscriptionId, version: number): Promise<void> {
    const filter: Filter = { _id: id, version, state: 'deleted' };
    await atDatabase(async () => this.#model.deleteOne(filter).exec());
  }

  async #findOne(filter: Filter): Promise<Subscription | null> {
    const raw: unknown = await atDatabase(async () => this.#model.findOne(filter).lean().exec());
    return raw === null ? null : fromDocument(readSubscriptionDocument(raw));
  }

  async #stretch(filter: Filter, { afterId, limit }: Stretch): Promise<Listed> {
    const place: Filter = afterId === null ? {} : { _id: { $gt: afterId } };
    return this.#findMany({ ...filter, ...place }, { limit, order: 1 });
  }

  async #findMany(
    filter: Filter,
    { limit, order }: Readonly<{ limit: number; order: 1 | -1 }>,
  ): Promise<Listed> {
    // One more than the page shows whether there is another.
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
      nextAfterId: last === undefined ? null : subscriptionId(last._id),
    };
  }

  // One document that cannot be read must not take all the others of its page with it.
  #readable(raw: unknown): Subscription[] {
    try {
      return [fromDocument(readSubscriptionDocument(raw))];
    } catch (error) {
      this.#parts.metrics.unreadable.inc({});
      this.#parts.logger.error({ detail: messageOf(error) }, 'registry.unreadable');
      return [];
    }
  }
}
