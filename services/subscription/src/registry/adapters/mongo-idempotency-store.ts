import { atDatabase, isDuplicateKey } from '@tidings/mongodb';
import { type Connection, type Model, Schema } from 'mongoose';
import { documentReader } from '../document-reader.ts';
import type { IdempotencyEntry, IdempotencyStore, KeptAnswer } from '../ports.ts';
import { schemaOptions } from './mongoose-schema.ts';

type IdempotencyDocument = Readonly<{
  _id: string;
  schema_version: 1;
  fingerprint: string;
  /** The id of what the request makes, of any kind; the field has kept its first name. */
  subscription_id: string;
  claim: string;
  claimed_until_ms: number;
  expires_at_ms: number;
  answer: Readonly<{ body_json: string; version: number; sealed_secret: string | null }> | null;
}>;

const schema = new Schema(
  {
    _id: String,
    schema_version: Number,
    fingerprint: String,
    subscription_id: String,
    claim: String,
    claimed_until_ms: Number,
    expires_at_ms: Number,
    answer: {
      type: new Schema(
        { body_json: String, version: Number, sealed_secret: { type: String, default: null } },
        { strict: 'throw', _id: false },
      ),
      default: null,
    },
  },
  { collection: 'idempotency_keys', ...schemaOptions },
);
// No TTL index: not every MongoDB that this runs on has them, so the service sweeps.
schema.index({ expires_at_ms: 1 });

const text = { type: 'string', minLength: 1 };
const count = { type: 'integer', minimum: 0 };

const readDocument = documentReader<IdempotencyDocument>({
  name: 'idempotency key',
  schemaVersion: 1,
  steps: {},
  schema: {
    type: 'object',
    properties: {
      _id: text,
      schema_version: { const: 1 },
      fingerprint: text,
      subscription_id: text,
      claim: text,
      claimed_until_ms: count,
      expires_at_ms: count,
      answer: {
        type: ['object', 'null'],
        properties: { body_json: text, version: count, sealed_secret: { type: ['string', 'null'] } },
        required: ['body_json', 'version', 'sealed_secret'],
        additionalProperties: false,
      },
    },
    required: [
      '_id',
      'schema_version',
      'fingerprint',
      'subscription_id',
      'claim',
      'claimed_until_ms',
      'expires_at_ms',
      'answer',
    ],
    additionalProperties: false,
  },
});

const toDocument = (entry: IdempotencyEntry): IdempotencyDocument => ({
  _id: entry.id,
  schema_version: 1,
  fingerprint: entry.fingerprint,
  subscription_id: entry.entityId,
  claim: entry.claim,
  claimed_until_ms: entry.claimedUntilMs,
  expires_at_ms: entry.expiresAtMs,
  answer: entry.answer === null ? null : answerDocument(entry.answer),
});

const answerDocument = (answer: KeptAnswer): NonNullable<IdempotencyDocument['answer']> => ({
  body_json: answer.bodyJson,
  version: answer.version,
  sealed_secret: answer.sealedSecret,
});

const fromDocument = ({ answer, ...document }: IdempotencyDocument): IdempotencyEntry => ({
  id: document._id,
  fingerprint: document.fingerprint,
  entityId: document.subscription_id,
  claim: document.claim,
  claimedUntilMs: document.claimed_until_ms,
  expiresAtMs: document.expires_at_ms,
  answer:
    answer === null
      ? null
      : { bodyJson: answer.body_json, version: answer.version, sealedSecret: answer.sealed_secret },
});

/** The memory of POSTs in MongoDB. Every write names the claim it stands on, so a run taken for dead changes nothing. */
export class MongoIdempotencyStore implements IdempotencyStore {
  readonly #model: Model<IdempotencyDocument>;

  constructor(connection: Connection) {
    this.#model = connection.model<IdempotencyDocument>(
      'IdempotencyKey',
      schema as unknown as Schema<IdempotencyDocument>,
    );
  }

  /** Makes the indexes that are missing. */
  async createIndexes(): Promise<void> {
    await atDatabase(async () => this.#model.createIndexes());
  }

  async claim(entry: IdempotencyEntry): Promise<IdempotencyEntry | null> {
    return atDatabase(async () => {
      try {
        await this.#model.create(toDocument(entry));
        return null;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      const raw: unknown = await this.#model.findOne({ _id: entry.id }).lean().exec();
      // Swept between the two: the key is as good as held by nobody, so the caller may take it over.
      return raw === null ? { ...entry, expiresAtMs: 0 } : fromDocument(readDocument(raw));
    });
  }

  async takeOver(entry: IdempotencyEntry, claim: string): Promise<boolean> {
    const { _id, ...fields } = toDocument(entry);
    const { matchedCount } = await atDatabase(async () =>
      this.#model.updateOne({ _id, claim }, { $set: fields }).exec(),
    );
    return matchedCount === 1;
  }

  async complete(entry: IdempotencyEntry, answer: KeptAnswer): Promise<void> {
    await this.#set(entry, { answer: answerDocument(answer) });
  }

  async endClaim(entry: IdempotencyEntry): Promise<void> {
    await this.#set(entry, { claimed_until_ms: 0 });
  }

  async release(entry: IdempotencyEntry): Promise<void> {
    await atDatabase(async () => this.#model.deleteOne({ _id: entry.id, claim: entry.claim }).exec());
  }

  async sweepExpired(nowMs: number, limit: number): Promise<number> {
    return atDatabase(async () => {
      const filter = { expires_at_ms: { $lte: nowMs } };
      const expired = await this.#model.find(filter, { _id: 1 }).limit(limit).lean().exec();
      // Named again in the delete: a key may have been taken over since it was read.
      for (const { _id } of expired) await this.#model.deleteOne({ _id, ...filter }).exec();
      return expired.length;
    });
  }

  async #set({ id, claim }: IdempotencyEntry, fields: Partial<IdempotencyDocument>): Promise<void> {
    await atDatabase(async () => this.#model.updateOne({ _id: id, claim }, { $set: fields }).exec());
  }
}
