import { firstReceivedId, topics } from '@tidings/contracts';
import type { MongoTls, OperationHistogram, TimedOperation } from '@tidings/mongodb';
import { timedOperations } from '@tidings/mongodb';
import { AppError } from '@tidings/runtime';
import { type Connection, createConnection } from 'mongoose';
import {
  heldFromMs,
  progressOf,
  type Rebuild,
  type RebuiltPartition,
  topicHeldFromMs,
} from '../domain/rebuild.ts';
import type { DocumentCounts, RebuildStore } from '../ports.ts';

const collection = 'rebuild';
const id = 'rebuild';
const chunk = 1_000;

type Scope = Pick<Rebuild, 'keepOlder' | 'partitions'>;
type Conditions = Record<string, unknown>;
/** The documents of one collection that are removed; null: none. */
type Removed = Readonly<{ name: string; conditions: Conditions | null }>;

// JSON text: its names may contain what MongoDB reserves.
type RebuildDocument = Readonly<{ _id: string; state_json: string; alive_at_ms?: number }>;

const stateOf = (document: RebuildDocument | null): Rebuild | null =>
  document === null ? null : (JSON.parse(document.state_json) as Rebuild);

const since = (field: string, fromMs: number): Conditions | null => {
  if (fromMs === Infinity) return null;
  return fromMs === -Infinity ? {} : { [field]: { $gte: new Date(fromMs) } };
};

const anyOf = (all: readonly (Conditions | null)[]): Conditions | null => {
  const some = all.filter((one) => one !== null);
  return some.length === 0 ? null : { $or: some };
};

const byPartition = (
  partitions: readonly RebuiltPartition[],
  topic: string,
  field: string,
): Conditions | null =>
  anyOf(
    partitions
      .filter((one) => one.topic === topic)
      .map((one) => {
        const held = since(field, heldFromMs(one));
        return held === null ? null : { partition: one.partition, ...held };
      }),
  );

// The key of a bucket ends with the partition that it counts.
const buckets = (partitions: readonly RebuiltPartition[]): Conditions | null =>
  anyOf(
    partitions
      .filter(({ topic }) => topic === topics.attempts.name || topic === topics.events.name)
      .map((one) => {
        const held = since('start', heldFromMs(one));
        const key = `/${one.topic.replaceAll('.', '\\.')}-${one.partition}$`;
        return held === null ? null : { _id: { $regex: key }, ...held };
      }),
  );

// The id has the time. Which partition has a source is not in the document.
const receivedSince = (fromMs: number): Conditions | null => {
  if (fromMs === Infinity) return null;
  return fromMs === -Infinity ? {} : { _id: { $gte: firstReceivedId(fromMs) } };
};

/** Returns what is removed, in this order: contents last but for their dead letters, by whose keys they are found. */
const removedBy = ({ keepOlder, partitions }: Scope): readonly Removed[] => {
  const held = (conditions: Conditions | null) => (keepOlder ? conditions : {});
  const ofDeliveries = since('created_at', topicHeldFromMs(partitions, topics.attempts.name));
  return [
    { name: 'deliveries', conditions: held(ofDeliveries) },
    { name: 'events', conditions: held(byPartition(partitions, topics.events.name, 'accepted_at')) },
    { name: 'statistics', conditions: held(buckets(partitions)) },
    {
      name: 'received',
      conditions: held(receivedSince(topicHeldFromMs(partitions, topics.received.name))),
    },
    {
      name: 'runs',
      conditions: held(since('recorded_at', topicHeldFromMs(partitions, topics.runs.name))),
    },
    {
      name: 'dead_letters',
      conditions: held(byPartition(partitions, topics.deadLetters.name, 'recorded_at')),
    },
  ];
};

/** The state of a rebuild and its documents in MongoDB. */
export class MongoRebuildStore implements RebuildStore {
  readonly #connection: Connection;
  readonly #timed: TimedOperation;

  constructor(connection: Connection, seconds: OperationHistogram) {
    this.#connection = connection;
    this.#timed = timedOperations(seconds);
  }

  async find(): Promise<Readonly<{ rebuild: Rebuild; aliveAtMs: number }> | null> {
    const document = await this.#timed('find-rebuild', async () =>
      this.#connection.collection<RebuildDocument>(collection).findOne({ _id: id }),
    );
    const rebuild = stateOf(document);
    return rebuild === null ? null : { rebuild, aliveAtMs: document?.alive_at_ms ?? 0 };
  }

  async save(rebuild: Rebuild): Promise<void> {
    const state_json = JSON.stringify(rebuild);
    await this.#timed('save-rebuild', async () =>
      this.#connection
        .collection<RebuildDocument>(collection)
        .updateOne({ _id: id }, { $set: { state_json } }, { upsert: true }),
    );
  }

  async keepAlive(nowMs: number): Promise<void> {
    await this.#timed('save-rebuild', async () =>
      this.#connection
        .collection<RebuildDocument>(collection)
        .updateOne({ _id: id }, { $set: { alive_at_ms: nowMs } }),
    );
  }

  async end(): Promise<void> {
    await this.#timed('end-rebuild', async () =>
      this.#connection.collection<RebuildDocument>(collection).deleteOne({ _id: id }),
    );
  }

  async count(scope: Scope): Promise<DocumentCounts> {
    const counts: Record<string, number> = {};
    for (const { name, conditions } of removedBy(scope)) {
      counts[name] =
        conditions === null
          ? 0
          : await this.#timed('count-rebuilt', async () =>
              this.#connection.collection(name).countDocuments(conditions),
            );
    }
    return counts;
  }

  async clear(scope: Scope): Promise<void> {
    for (const { name, conditions } of removedBy(scope)) {
      if (conditions === null) continue;
      if (name === 'dead_letters') await this.#clearDeadLetters(conditions);
      else
        await this.#timed('clear-rebuilt', async () =>
          this.#connection.collection(name).deleteMany(conditions),
        );
    }
  }

  async #clearDeadLetters(conditions: Conditions): Promise<void> {
    const deadLetters = this.#connection.collection<{ _id: string }>('dead_letters');
    const contents = this.#connection.collection<{ _id: string }>('dead_letter_contents');
    for (;;) {
      const found = await this.#timed('clear-rebuilt', async () => {
        const some = await deadLetters
          .find(conditions, { projection: { _id: 1 } })
          .limit(chunk)
          .toArray();
        const ids = { _id: { $in: some.map(({ _id }) => _id) } };
        // In this order, a crash leaves a dead letter that the next run finds again.
        await contents.deleteMany(ids);
        await deadLetters.deleteMany(ids);
        return some.length;
      });
      if (found < chunk) return;
    }
  }
}

/**
 * Rejects with AppError `unavailable` while a rebuild of this database has not ended. Connects for itself: a service must
 * not open the database before.
 */
export const requireNoRebuild = async (uri: string, database: string, tls?: MongoTls): Promise<void> => {
  const connection = createConnection(uri, {
    ...tls?.options,
    ...{ dbName: database, appName: 'tidings-history', autoIndex: false, autoCreate: false },
    ...{ serverSelectionTimeoutMS: 2_500, connectTimeoutMS: 2_500, maxPoolSize: 1 },
  });
  try {
    await connection.asPromise();
    const rebuild = stateOf(await connection.collection<RebuildDocument>(collection).findOne({ _id: id }));
    // One that was interrupted while it still waited has removed nothing.
    if (rebuild === null || (rebuild.partitions.length === 0 && rebuild.startedAtMs < Date.now() - 60_000))
      return;
    const { total, done } = progressOf(rebuild.partitions);
    const began = new Date(rebuild.startedAtMs).toISOString();
    throw new AppError({
      code: 'unavailable',
      message:
        `A rebuild of ${database} is not finished: it began at ${began} and has read ${done} of ${total} records. ` +
        'The service continues after it; npm run history:rebuild continues one that was interrupted.',
    });
  } finally {
    await connection.close();
  }
};
