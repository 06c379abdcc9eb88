import mongoose, { type Connection, createConnection } from 'mongoose';

const { BSON } = mongoose.mongo;
const { EJSON } = BSON;

type Document = Readonly<Record<string, unknown>> & Readonly<{ _id: string }>;
type Condition = string | Readonly<{ $in?: readonly string[]; $gt?: string; $lt?: string }>;
type Update = Readonly<{ $set: Readonly<Record<string, unknown>> }>;
type Filter = Readonly<{ _id?: Condition }>;
type Write =
  | Readonly<{ insertOne: { document: Document } }>
  | Readonly<{ updateOne: { filter: Filter; update: Update } }>;

const isMeant = (id: string, { _id: condition }: Filter): boolean => {
  if (condition === undefined) return true;
  if (typeof condition === 'string') return id === condition;
  const { $in: some = [id], $gt: after, $lt: before } = condition;
  return some.includes(id) && (after === undefined || id > after) && (before === undefined || id < before);
};

/** Sets a field by its path, such as `rows.a.t`. */
const setField = (document: Record<string, unknown>, path: string, value: unknown): void => {
  const [first = '', ...rest] = path.split('.');
  if (rest.length === 0) document[first] = value;
  else {
    const inner = (document[first] ?? {}) as Record<string, unknown>;
    document[first] = inner;
    setField(inner, rest.join('.'), value);
  }
};

/** A collection without a server: BSON by id. Conditions on anything but the id are not looked at. */
class StoredCollection {
  readonly #documents = new Map<string, Uint8Array>();

  insertOne = async (document: Document) => {
    if (this.#documents.has(document._id)) {
      throw new mongoose.mongo.MongoServerError({ message: 'duplicate key', code: 11_000 });
    }
    this.#documents.set(document._id, BSON.serialize(document));
    return { acknowledged: true, insertedId: document._id };
  };

  insertMany = async (documents: readonly Document[]) => {
    for (const document of documents) await this.insertOne(document);
  };

  updateOne = async (filter: Filter, { $set }: Update) => {
    const [found] = this.#found(filter);
    if (found === undefined) return { matchedCount: 0, modifiedCount: 0 };
    for (const [path, value] of Object.entries($set)) setField(found, path, value);
    this.#documents.set(String(found['_id']), BSON.serialize(found));
    return { matchedCount: 1, modifiedCount: 1 };
  };

  bulkWrite = async (writes: readonly Write[]) => {
    let matchedCount = 0;
    for (const write of writes) {
      if ('insertOne' in write) await this.insertOne(write.insertOne.document);
      else
        matchedCount += (await this.updateOne(write.updateOne.filter, write.updateOne.update)).matchedCount;
    }
    return { insertedCount: writes.length - matchedCount, matchedCount };
  };

  deleteMany = async (filter: Filter) => {
    for (const found of this.#found(filter)) this.#documents.delete(String(found['_id']));
  };

  findOne = async (filter: Filter, options?: object) => this.#found(filter, options)[0] ?? null;

  find = (filter: Filter, options?: object) => ({ toArray: async () => this.#found(filter, options) });

  countDocuments = async (filter: Filter) => this.#found(filter).length;

  aggregate = (_stages: unknown, options?: object) => ({
    toArray: async () => [{ _id: null, n: this.#found({}, options).length }],
  });

  all(): readonly Document[] {
    return this.#found({}) as unknown as readonly Document[];
  }

  #found(filter: Filter, options: object = {}): Record<string, unknown>[] {
    const isBuffer = 'promoteBuffers' in options && options.promoteBuffers === true;
    return [...this.#documents]
      .filter(([id]) => isMeant(id, filter))
      .map(([, bytes]) => BSON.deserialize(bytes, { promoteBuffers: isBuffer }));
  }
}

/** Collections without a server. Stores that are opened on `connection` write and read BSON. */
export class StoredDocuments {
  readonly connection: Connection = createConnection();
  readonly #collections = new Map<string, StoredCollection>();

  constructor() {
    const { connection } = this;
    const open = connection.collection.bind(connection);
    connection.collection = ((name: string, options?: object) =>
      Object.assign(open(name, options as never), this.#collection(name))) as typeof connection.collection;
  }

  /** Stores a document that is Extended JSON, relaxed (https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/). */
  async put(collection: string, document: unknown): Promise<void> {
    await this.#collection(collection).insertOne(EJSON.deserialize(document as object) as Document);
  }

  /** Returns the documents of a collection, as Extended JSON. */
  all(collection: string): readonly Document[] {
    return this.#collection(collection)
      .all()
      .map((document) => EJSON.serialize(document) as Document);
  }

  #collection(name: string): StoredCollection {
    const collection = this.#collections.get(name) ?? new StoredCollection();
    this.#collections.set(name, collection);
    return collection;
  }
}
