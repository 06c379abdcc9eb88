import { randomUUID } from 'node:crypto';
import { checkFunction, checkNames, type Names } from '../check-arguments.ts';
import type { EventInput } from '../client/event-input.ts';
import type { AnyEvents } from '../event-map.ts';
import { entryOf, type OutboxEntry, type OutboxStore, type RelayOutcome } from './outbox-entry.ts';

/** The methods of a collection of the `mongodb` driver (also of `Model.collection` of mongoose) that are used. */
export type OutboxCollection = Readonly<{
  find(filter: object, options: object): Readonly<{ toArray(): Promise<unknown[]> }>;
  findOneAndUpdate(filter: object, update: object, options: object): Promise<unknown>;
  updateOne(filter: object, update: object, options?: object): Promise<Readonly<{ modifiedCount: number }>>;
  updateMany(filter: object, update: object): Promise<unknown>;
  deleteMany(filter: object): Promise<unknown>;
}>;

/**
 * Options of {@link mongoOutbox}. `collection`: the events. `keys`: a second collection with the last position of each
 * ordering key. `now`: the present in milliseconds, for tests.
 */
export type MongoOutboxOptions = Readonly<{
  collection: OutboxCollection;
  keys: OutboxCollection;
  now?: () => number;
}>;

/** An outbox in a collection of MongoDB. */
export type MongoOutbox<Events extends object = AnyEvents> = OutboxStore &
  Readonly<{
    /**
     * Adds an event to the transaction of `session`, and returns its id. An id that is in the outbox is not added again.
     * Two transactions that add events of one ordering key conflict: `withTransaction` of the driver repeats one of them,
     * which keeps their order. With undefined the event is added at once. Rejects with TypeError as publish does.
     */
    add: (session: object | undefined, event: EventInput<Events>) => Promise<string>;
  }>;

type EntryDocument = Readonly<{
  _id: string;
  /** The ordering key, or an id without one. */
  queue: string;
  is_ordered: boolean;
  position: number;
  event: string;
  refused: string | null;
  claimed_until: Date;
}>;

const names: Names = {
  known: ['collection', 'keys', 'now'],
  mistakenFor: { events: 'collection', entries: 'collection', counters: 'keys' },
};

/**
 * Creates an outbox in MongoDB. Create its indexes once: `{ refused: 1, claimed_until: 1, added_at: 1 }`, `{ queue: 1,
 * position: 1 }` and `{ claim_id: 1 }` of the collection, and `{ used_at: 1 }` of the keys with `expireAfterSeconds` of a month. Throws TypeError
 * for invalid options.
 */
export function mongoOutbox<Events extends object = AnyEvents>(
  options: MongoOutboxOptions,
): MongoOutbox<Events> {
  checkNames('the argument of mongoOutbox', options, names);
  const { collection, keys, now = Date.now } = options;
  checkFunction('collection.findOneAndUpdate', collection?.findOneAndUpdate);
  checkFunction('keys.findOneAndUpdate', keys?.findOneAndUpdate);
  checkFunction('now', now);
  return {
    add: async (session, event) => {
      const entry = entryOf(event as EventInput);
      const inSession = session === undefined ? {} : { session };
      const { id, orderingKey } = entry;
      const position = orderingKey === null ? 0 : await nextPosition(keys, orderingKey, { inSession, now });
      const document = {
        queue: orderingKey ?? id,
        is_ordered: orderingKey !== null,
        position,
        event: entry.event,
        refused: null,
        added_at: new Date(now()),
        claimed_until: new Date(0),
      };
      await collection.updateOne({ _id: id }, { $setOnInsert: document }, { upsert: true, ...inSession });
      return id;
    },
    take: async (limit, leaseMs) => {
      const claim = { claimId: randomUUID(), until: new Date(now() + leaseMs) };
      const queues = await findQueues(collection, limit, new Date(now()));
      const claimed = await Promise.all(queues.map(async (queue) => claimQueue(collection, queue, claim)));
      const entries = claimed.flat();
      if (entries.length === 0) return null;
      return {
        entries: entries.map(toEntry),
        finish: async (outcome) => finish(collection, claim.claimId, outcome),
        abandon: async () => {
          // Otherwise they are taken after their lease.
          await giveBack(collection, claim.claimId).catch(() => {});
        },
      };
    },
  };
}

// Within a transaction, a second one that increments the same document conflicts with it until it ends.
async function nextPosition(
  keys: OutboxCollection,
  key: string,
  { inSession, now }: Readonly<{ inSession: object; now: () => number }>,
): Promise<number> {
  const update = { $inc: { position: 1 }, $set: { used_at: new Date(now()) } };
  const options = { upsert: true, returnDocument: 'after', includeResultMetadata: false, ...inSession };
  const { position } = (await keys.findOneAndUpdate({ _id: key }, update, options)) as { position: number };
  return position;
}

// A key of which nothing is accepted, or which another relay has, must not hold the others.
const fewQueues = 10;

type Claim = Readonly<{ claimId: string; until: Date }>;

/** Returns queues of which the first entry is free, the longest waiting first, with some `limit` entries in all. */
async function findQueues(
  collection: OutboxCollection,
  limit: number,
  now: Date,
): Promise<readonly (readonly EntryDocument[])[]> {
  const oldest = await oldestOfQueues(collection, limit, now);
  const keys = oldest.filter(({ is_ordered }) => is_ordered).map(({ queue }) => queue);
  const unordered = oldest.filter(({ is_ordered }) => !is_ordered);
  // A share for each, so that a long queue leaves room for others.
  const share = Math.max(1, Math.floor((limit - unordered.length) / Math.max(1, keys.length)));
  const ordered = await Promise.all(
    keys.map(async (queue) => {
      const options = { sort: { position: 1 }, limit: share };
      return (await collection.find({ queue, refused: null }, options).toArray()) as EntryDocument[];
    }),
  );
  const isFree = ([first]: readonly EntryDocument[]): boolean =>
    first !== undefined && first.claimed_until <= now;
  return [...unordered.map((entry) => [entry]), ...ordered.filter(isFree)];
}

/** Returns an entry of each of up to `limit` queues: of several of them, also if one has the longest waiting entries. */
async function oldestOfQueues(
  collection: OutboxCollection,
  limit: number,
  now: Date,
): Promise<readonly EntryDocument[]> {
  const oldest = new Map<string, EntryDocument>();
  for (let isFull = true; isFull && oldest.size < Math.min(limit, fewQueues); ) {
    const waiting = { refused: null, claimed_until: { $lte: now }, queue: { $nin: [...oldest.keys()] } };
    const found = (await collection
      .find(waiting, { sort: { added_at: 1 }, limit })
      .toArray()) as EntryDocument[];
    for (const entry of found) if (!oldest.has(entry.queue)) oldest.set(entry.queue, entry);
    isFull = found.length === limit;
  }
  return [...oldest.values()].slice(0, limit);
}

/**
 * Claims a queue by its first entry: nobody else claims it while that exists and the lease lasts. Returns its entries;
 * none if somebody else was faster.
 */
async function claimQueue(
  collection: OutboxCollection,
  queue: readonly EntryDocument[],
  { claimId, until }: Claim,
): Promise<readonly EntryDocument[]> {
  const [first] = queue;
  if (first === undefined) return [];
  const unchanged = { _id: first._id, refused: null, claimed_until: first.claimed_until };
  const { modifiedCount } = await collection.updateOne(unchanged, {
    $set: { claim_id: claimId, claimed_until: until },
  });
  return modifiedCount === 1 ? queue : [];
}

// Once the first of a queue is removed, another relay may take what is left: at worst it sends again what was sent.
async function finish(
  collection: OutboxCollection,
  claimId: string,
  { sent, refused }: RelayOutcome,
): Promise<void> {
  for (const { id, reason } of refused) {
    await collection.updateOne({ _id: id }, { $set: { refused: reason } });
  }
  if (sent.length > 0) await collection.deleteMany({ _id: { $in: sent } });
  await giveBack(collection, claimId);
}

const giveBack = async (collection: OutboxCollection, claimId: string): Promise<unknown> =>
  collection.updateMany({ claim_id: claimId, refused: null }, { $set: { claimed_until: new Date(0) } });

const toEntry = ({ _id, queue, is_ordered, event }: EntryDocument): OutboxEntry => ({
  id: _id,
  orderingKey: is_ordered ? queue : null,
  event,
});
