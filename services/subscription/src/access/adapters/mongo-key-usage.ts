import { atDatabase, isDuplicateKey, strictCollection } from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import { documentReader } from '../../registry/define-documents.ts';
import type { KeyUsageStore } from '../ports.ts';

type UsageDocument = Readonly<{ _id: string; schema_version: 1; last_used_at_ms: number }>;

const schema = new Schema(
  { _id: String, schema_version: Number, last_used_at_ms: Number },
  { collection: 'api_key_usage', ...strictCollection },
);

const readDocument = documentReader<UsageDocument>({
  name: 'API key usage',
  schemaVersion: 1,
  steps: {},
  schema: {
    type: 'object',
    properties: {
      _id: { type: 'string', minLength: 1 },
      schema_version: { const: 1 },
      last_used_at_ms: { type: 'integer', minimum: 0 },
    },
    required: ['_id', 'schema_version', 'last_used_at_ms'],
    additionalProperties: false,
  },
});

/** Last use of each key, in MongoDB. Stored beside the keys because a use creates no version. */
export class MongoKeyUsage implements KeyUsageStore {
  readonly #model: Model<UsageDocument>;

  constructor(connection: Connection) {
    this.#model = connection.model<UsageDocument>('ApiKeyUsage', schema as unknown as Schema<UsageDocument>);
  }

  async note(keyId: string, atMs: number): Promise<void> {
    const later = { _id: keyId, last_used_at_ms: { $lt: atMs } };
    await atDatabase(async () => {
      const { matchedCount } = await this.#model.updateOne(later, { $set: { last_used_at_ms: atMs } }).exec();
      if (matchedCount === 1) return;
      try {
        await this.#model.create({ _id: keyId, schema_version: 1, last_used_at_ms: atMs });
      } catch (error) {
        // A later use is already stored, or another instance has just stored this one.
        if (!isDuplicateKey(error)) throw error;
      }
    });
  }

  async findMany(keyIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (keyIds.length === 0) return new Map();
    const found: unknown[] = await atDatabase(async () =>
      this.#model
        .find({ _id: { $in: [...keyIds] } })
        .lean()
        .exec(),
    );
    return new Map(found.map(readDocument).map(({ _id, last_used_at_ms }) => [_id, last_used_at_ms]));
  }
}
