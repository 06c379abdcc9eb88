import { failureReasons, type SubscriptionId, subscriptionId } from '@tidings/contracts';
import { atDatabase, isDuplicateKey, strictCollection } from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import { documentReader } from '../../registry/define-documents.ts';
import type { EndpointHealth } from '../domain/endpoint-health.ts';
import type { HealthStore } from '../ports.ts';

type HealthDocument = Readonly<{
  _id: string;
  schema_version: 3;
  rev: number;
  counted_version: number;
  failure_count: number;
  failing_since_ms: number | null;
  last_delivery_at_ms: number | null;
  last_failure_at_ms: number | null;
  last_failure_reason: EndpointHealth['lastFailureReason'];
  alert: EndpointHealth['alert'];
  positions: readonly Readonly<{ partition: number; offset: number }>[];
}>;

const nullableNumber = { type: Number, default: null };

const schema = new Schema(
  {
    _id: String,
    schema_version: Number,
    rev: Number,
    counted_version: Number,
    failure_count: Number,
    failing_since_ms: nullableNumber,
    last_delivery_at_ms: nullableNumber,
    last_failure_at_ms: nullableNumber,
    last_failure_reason: { type: String, default: null },
    alert: String,
    positions: [new Schema({ partition: Number, offset: Number }, { strict: 'throw', _id: false })],
  },
  { collection: 'subscription_health', ...strictCollection },
);

const count = { type: 'integer', minimum: 0 };
const nullableCount = { type: ['integer', 'null'], minimum: 0 };
const properties = {
  _id: { type: 'string', minLength: 1 },
  schema_version: { const: 3 },
  rev: count,
  counted_version: count,
  failure_count: count,
  failing_since_ms: nullableCount,
  last_delivery_at_ms: nullableCount,
  last_failure_at_ms: nullableCount,
  last_failure_reason: { enum: [...failureReasons, null] },
  alert: { enum: ['none', 'failing', 'disabled'] },
  positions: {
    type: 'array',
    items: {
      type: 'object',
      properties: { partition: count, offset: count },
      required: ['partition', 'offset'],
      additionalProperties: false,
    },
  },
};

const readDocument = documentReader<HealthDocument>({
  name: 'endpoint health',
  schemaVersion: 3,
  steps: {
    1: (document) => ({ ...document, alert: 'none' }),
    2: ({ enabled_version, ...document }) => ({ ...document, counted_version: enabled_version }),
  },
  schema: { type: 'object', properties, required: Object.keys(properties), additionalProperties: false },
});

const toDocument = (health: EndpointHealth): HealthDocument => ({
  _id: health.subscriptionId,
  schema_version: 3,
  rev: health.rev,
  counted_version: health.countedVersion,
  failure_count: health.failureCount,
  failing_since_ms: health.failingSinceMs,
  last_delivery_at_ms: health.lastDeliveryAtMs,
  last_failure_at_ms: health.lastFailureAtMs,
  last_failure_reason: health.lastFailureReason,
  alert: health.alert,
  positions: health.positions,
});

const fromDocument = (document: HealthDocument): EndpointHealth => ({
  subscriptionId: subscriptionId(document._id),
  rev: document.rev,
  countedVersion: document.counted_version,
  failureCount: document.failure_count,
  failingSinceMs: document.failing_since_ms,
  lastDeliveryAtMs: document.last_delivery_at_ms,
  lastFailureAtMs: document.last_failure_at_ms,
  lastFailureReason: document.last_failure_reason,
  alert: document.alert,
  positions: document.positions,
});

/** Stores endpoint health in MongoDB, with the same single-document operations as the registry. */
export class MongoHealthStore implements HealthStore {
  readonly #model: Model<HealthDocument>;

  constructor(connection: Connection) {
    this.#model = connection.model<HealthDocument>(
      'SubscriptionHealth',
      schema as unknown as Schema<HealthDocument>,
    );
  }

  async find(id: SubscriptionId): Promise<EndpointHealth | null> {
    const raw: unknown = await atDatabase(async () => this.#model.findOne({ _id: id }).lean().exec());
    return raw === null ? null : fromDocument(readDocument(raw));
  }

  async findMany(ids: readonly SubscriptionId[]): Promise<ReadonlyMap<SubscriptionId, EndpointHealth>> {
    if (ids.length === 0) return new Map();
    const found: unknown[] = await atDatabase(async () =>
      this.#model
        .find({ _id: { $in: [...ids] } })
        .lean()
        .exec(),
    );
    return new Map(
      found.map((raw) => fromDocument(readDocument(raw))).map((one) => [one.subscriptionId, one]),
    );
  }

  async write(all: readonly EndpointHealth[]): Promise<boolean> {
    if (all.length === 0) return true;
    const writes = all.map((health) => {
      const { _id, ...fields } = toDocument(health);
      if (health.rev === 1) return { insertOne: { document: { _id, ...fields } } };
      return { updateOne: { filter: { _id, rev: health.rev - 1 }, update: { $set: fields } } };
    });
    return atDatabase(async () => {
      try {
        const { insertedCount, matchedCount } = await this.#model.collection.bulkWrite(writes as never, {
          ordered: false,
        });
        return insertedCount + matchedCount === all.length;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    });
  }

  async remove(id: SubscriptionId): Promise<void> {
    await atDatabase(async () => this.#model.deleteOne({ _id: id }).exec());
  }
}
