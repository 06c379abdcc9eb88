import type { IdempotencyEntry, IdempotencyStore } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { Ajv, type ValidateFunction } from 'ajv';
import { type Connection, type Model, Schema } from 'mongoose';
import { strictCollection } from './collections.ts';
import { atDatabase, isDuplicateKey } from './database-errors.ts';

// Version 1 belongs to a release that stored the responses of two routes only, under ids of another form: no lookup
// finds those documents any more, and the sweep removes them.
const schemaVersion = 2;

type IdempotencyDocument = Readonly<{
  _id: string;
  schema_version: typeof schemaVersion;
  fingerprint: string;
  reserved_id: string;
  claim: string;
  claimed_until_ms: number;
  expires_at_ms: number;
  answer: string | null;
}>;

const schema = new Schema(
  {
    _id: String,
    schema_version: Number,
    fingerprint: String,
    reserved_id: String,
    claim: String,
    claimed_until_ms: Number,
    expires_at_ms: Number,
    answer: { type: String, default: null },
  },
  { collection: 'idempotency_keys', ...strictCollection },
);
// No TTL index: not every supported MongoDB has them, so the services sweep.
schema.index({ expires_at_ms: 1 });

const text = { type: 'string', minLength: 1 };
const count = { type: 'integer', minimum: 0 };
const properties = {
  _id: text,
  schema_version: { type: 'integer', const: schemaVersion },
  fingerprint: text,
  reserved_id: text,
  claim: text,
  claimed_until_ms: count,
  expires_at_ms: count,
  answer: { type: ['string', 'null'] },
};
let compiled: ValidateFunction<IdempotencyDocument> | undefined;

/** Compiles the schema when the first document is read. */
const documentCheck = (): ValidateFunction<IdempotencyDocument> => {
  compiled ??= new Ajv({ strict: true, allowUnionTypes: true }).compile<IdempotencyDocument>({
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  });
  return compiled;
};

const toDocument = (entry: IdempotencyEntry): IdempotencyDocument => ({
  _id: entry.id,
  schema_version: schemaVersion,
  fingerprint: entry.fingerprint,
  reserved_id: entry.reservedId,
  claim: entry.claim,
  claimed_until_ms: entry.claimedUntilMs,
  expires_at_ms: entry.expiresAtMs,
  answer: entry.answer,
});

function toEntry(raw: unknown, id: string): IdempotencyEntry {
  const isDocument = documentCheck();
  if (!isDocument(raw)) {
    const [fault] = isDocument.errors ?? [];
    const problem = `${fault?.instancePath ?? ''} ${fault?.message ?? ''}`;
    const message = `the idempotency key document ${id} breaks its schema: ${problem}`;
    throw new AppError({ code: 'undecodable', message });
  }
  return {
    id: raw._id,
    fingerprint: raw.fingerprint,
    reservedId: raw.reserved_id,
    claim: raw.claim,
    claimedUntilMs: raw.claimed_until_ms,
    expiresAtMs: raw.expires_at_ms,
    answer: raw.answer,
  };
}

/**
 * Stores the Idempotency-Keys of a service in its database. Every write names the claim on which it depends, so a run
 * that was presumed dead changes nothing.
 */
export class MongoIdempotencyStore implements IdempotencyStore {
  readonly #model: Model<IdempotencyDocument>;

  constructor(connection: Connection) {
    this.#model = connection.model<IdempotencyDocument>(
      'IdempotencyKey',
      schema as unknown as Schema<IdempotencyDocument>,
    );
  }

  /** Creates missing indexes. */
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
      // Swept between the two: the key has no owner, so the caller may claim it.
      return raw === null ? { ...entry, expiresAtMs: 0 } : toEntry(raw, entry.id);
    });
  }

  async takeOver(entry: IdempotencyEntry, claim: string): Promise<boolean> {
    const { _id, ...fields } = toDocument(entry);
    const { matchedCount } = await atDatabase(async () =>
      this.#model.updateOne({ _id, claim }, { $set: fields }).exec(),
    );
    return matchedCount === 1;
  }

  async complete(entry: IdempotencyEntry, answer: string): Promise<void> {
    await this.#set(entry, { answer });
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
      // The delete repeats the filter: another request may have claimed a key since it was read.
      for (const { _id } of expired) await this.#model.deleteOne({ _id, ...filter }).exec();
      return expired.length;
    });
  }

  async #set({ id, claim }: IdempotencyEntry, fields: Partial<IdempotencyDocument>): Promise<void> {
    await atDatabase(async () => this.#model.updateOne({ _id: id, claim }, { $set: fields }).exec());
  }
}
