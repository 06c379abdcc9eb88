import { sharedMongodbUri } from '@tidings/testing';
import { MongoClient } from 'mongodb';
import { afterAll, describe, expect, it } from 'vitest';
import { outboxContract, type Step, stepping, uniqueName } from './contract/outbox-contract.ts';
import { mongoOutbox, type OutboxCollection } from './mongo-outbox.ts';

const client = new MongoClient(sharedMongodbUri());
const database = client.db('sdk_outbox');
afterAll(async () => client.close());

// A collection whose requests take a step each. A find is sent when its result is read.
function steppingCollection(name: string, step: Step): OutboxCollection {
  const collection = database.collection<{ _id: string }>(name);
  const methods = ['findOneAndUpdate', 'updateOne', 'updateMany', 'deleteMany'] as const;
  const stepped: OutboxCollection = stepping(collection as unknown as OutboxCollection, step, methods);
  return new Proxy(stepped, {
    get: (target, method) =>
      method === 'find'
        ? (filter: object, options: object) => stepping(target.find(filter, options), step, ['toArray'])
        : Reflect.get(target, method),
  });
}

outboxContract('MongoDB', async () => {
  const name = uniqueName();
  const entries = database.collection<{ _id: string; refused: string | null }>(name);
  let leapMs = 0;
  const now = (): number => Date.now() + leapMs;
  const open = (step: Step) =>
    mongoOutbox({
      collection: steppingCollection(name, step),
      keys: steppingCollection(`${name}_keys`, step),
      now,
    });
  return {
    add: async (event) => open(async () => {}).add(undefined, event),
    store: open,
    entries: async () => {
      const all = await entries.find().toArray();
      const refused = all.filter((entry) => entry.refused !== null);
      return { all: all.map(({ _id }) => _id), refused: refused.map(({ _id }) => _id) };
    },
    endKilled: async () => {
      leapMs += 61_000;
    },
    close: async () => {},
  };
});

describe('an outbox in MongoDB', () => {
  // The embedded MongoDB has no transactions.
  it('adds within the session of the caller', async () => {
    const sessions: unknown[] = [];
    const recording = {
      findOneAndUpdate: async (_filter: object, _update: object, options: object) => {
        sessions.push(Reflect.get(options, 'session'));
        return { position: 1 };
      },
      updateOne: async (_filter: object, _update: object, options: object = {}) => {
        sessions.push(Reflect.get(options, 'session'));
        return { modifiedCount: 0 };
      },
      find: () => ({ toArray: async () => [] }),
      updateMany: async () => {},
      deleteMany: async () => {},
    };
    const session = { id: 'a session' };
    const outbox = mongoOutbox({ collection: recording, keys: recording });
    await outbox.add(session, { type: 'a.b', data: 1, orderingKey: 'k' });
    expect(sessions).toEqual([session, session]);
  });
});
