import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { Binary, type Collection, Decimal128, Long, MongoClient, ObjectId, Timestamp, UUID } from 'mongodb';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { prepareJava } from '../java/java-tools.ts';
import { type Mongo, startMongo } from './mongo.ts';

let folder: string;
let mongo: Mongo;
const clients: MongoClient[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-mongo-'));
  mongo = await startMongo({ dataDir: folder, kind: 'embedded' });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await mongo.stop();
  await rm(folder, { recursive: true, force: true });
});

type Row = { _id: string; worker: number; round: number };

async function rows(): Promise<Collection<Row>> {
  const client = await new MongoClient(mongo.url, { serverSelectionTimeoutMS: 10_000 }).connect();
  clients.push(client);
  return client.db('proof').collection<Row>('rows');
}

/** Writes continuously until the server is killed; returns the acknowledged writes. */
async function writeUntilKilled(collection: Collection<Row>, worker: number): Promise<Map<string, number>> {
  const acknowledged = new Map<string, number>();
  for (let round = 0; ; round += 1) {
    const id = `${worker}-${Math.floor(round / 2)}`;
    try {
      if (round % 2 === 0) await collection.insertOne({ _id: id, worker, round });
      else await collection.updateOne({ _id: id }, { $set: { round } });
      acknowledged.set(id, round);
    } catch {
      // The server was killed during this write: its outcome is unknown, so it proves nothing.
      return acknowledged;
    }
  }
}

test('kill -9 loses no acknowledged insert or update', async () => {
  const collection = await rows();
  await collection.createIndex({ worker: 1, _id: 1 }, { unique: true });
  for (let kill = 0; kill < 2; kill += 1) {
    const before = await collection.estimatedDocumentCount();
    const writers = Array.from({ length: 8 }, (_, i) => writeUntilKilled(collection, kill * 8 + i));
    await expect
      .poll(() => collection.estimatedDocumentCount(), { timeout: 20_000 })
      .toBeGreaterThan(before + 200);
    await mongo.kill9();
    const acknowledged = (await Promise.all(writers)).flatMap((map) => [...map]);
    await mongo.start();
    const found = new Map((await collection.find().toArray()).map((row) => [row._id, row.round]));
    const lost = acknowledged.filter(([id, round]) => (found.get(id) ?? -1) < round);
    expect({ acknowledged: acknowledged.length > 100, lost }).toEqual({ acknowledged: true, lost: [] });
  }
});

test('a write that kill -9 interrupted can be repeated: no document is left without its index entry', async () => {
  const collection = await rows();
  await collection.createIndex({ round: 1 }, { unique: true });
  const batch = Array.from({ length: 1_000 }, (_, i) => ({ _id: `doc-${i}`, worker: 0, round: i }));
  // The outcome is undefined by design; the repetition below must succeed.
  const interrupted = collection.insertMany(batch).catch(() => null);
  await expect.poll(() => collection.estimatedDocumentCount(), { timeout: 20_000 }).toBeGreaterThan(0);
  await mongo.kill9();
  await interrupted;
  await mongo.start();
  for (const { _id, ...fields } of batch)
    await collection.updateOne({ _id }, { $set: fields }, { upsert: true });
  expect(await collection.countDocuments()).toBe(batch.length);
  await expect(collection.insertOne({ _id: 'other', worker: 1, round: 5 })).rejects.toThrow(/E11000/);
});

test('data and indexes remain after a stop and a start', async () => {
  const before = await rows();
  await before.createIndex({ round: 1 }, { unique: true });
  await before.insertMany([
    { _id: 'a', worker: 1, round: 1 },
    { _id: 'b', worker: 1, round: 2 },
  ]);
  await mongo.stop();
  mongo = await startMongo({ dataDir: folder });
  const after = await rows();
  expect(mongo.kind).toBe('embedded');
  expect(await after.find().sort({ _id: 1 }).toArray()).toHaveLength(2);
  await expect(after.insertOne({ _id: 'c', worker: 1, round: 2 })).rejects.toThrow(/E11000/);
});

test('a damaged archive of classes costs one more start, not every start', async () => {
  await mongo.stop();
  const java = { ...(await prepareJava()), archives: folder };
  const archives = async () => (await readdir(folder)).filter((name) => name.includes('.jsa'));
  const printed: string[] = [];
  const print = (line: string) => printed.push(line);
  mongo = await startMongo({ dataDir: folder, java, print });
  await mongo.stop();
  const [name = ''] = await archives();
  expect(name).toMatch(/^mongodb-[0-9a-f]{16}\.jsa$/);
  const archive = join(folder, name);
  const { length } = await readFile(archive);
  await truncate(archive, length / 2);
  mongo = await startMongo({ dataDir: folder, java, print });
  expect(await (await rows()).countDocuments()).toBe(0);
  expect(printed).toEqual([
    `mongodb ended (SIGABRT): its archive of classes, ${archive}, may be damaged and has been removed; the next start does without`,
  ]);
  expect(await readFile(mongo.logFile, 'utf8')).toContain(`${printed[0] ?? ''}\n`);
  // The start without it writes another one.
  await mongo.stop();
  expect(await archives()).toEqual([name]);
  expect((await readFile(archive)).length).toBeGreaterThan(length / 2);
});

test('a second server on one data file is refused with a message and no stack', async () => {
  await expect(startMongo({ dataDir: folder })).rejects.toThrow(/ended at start.*lock/is);
});

test('every type of value is unchanged after kill -9, and unique as a key', async () => {
  type Any = { _id: unknown; value: unknown };
  const values: readonly unknown[] = [
    'text ä ✓',
    '',
    7,
    Long.fromString('9007199254740993'),
    1.5,
    true,
    new Date(1_700_000_000_123),
    new ObjectId('0123456789abcdef01234567'),
    new UUID('01234567-89ab-4def-8123-456789abcdef'),
    new Binary(Buffer.from([0, 255, 1])),
    Decimal128.fromString('12.50'),
    Timestamp.fromBits(3, 4),
    /^a.*z$/i,
    null,
    { nested: { list: [1, 'two', { three: null }] } },
  ];
  const client = async () => {
    const opened = await new MongoClient(mongo.url, { promoteLongs: false }).connect();
    clients.push(opened);
    return opened.db('proof').collection<Any>('any');
  };
  const before = await client();
  const isKey = (value: unknown) => value !== null && !(value instanceof RegExp);
  const documents = values.map((value, at) => ({ _id: isKey(value) ? value : `at ${at}`, value }));
  await before.insertMany(documents as never);
  const written = await before.find().toArray();
  expect(written).toHaveLength(values.length);
  await mongo.kill9();
  await mongo.start();
  const after = await client();
  expect(await after.find().toArray()).toEqual(written);
  for (const { _id } of documents)
    await expect(after.insertOne({ _id, value: 'again' } as never)).rejects.toThrow(/E11000/);
  expect(await after.countDocuments()).toBe(values.length);
});

test('a store that an older launcher wrote can be read, and its unique indexes apply', async () => {
  await mongo.stop();
  // Twenty documents { _id: 'doc-N', worker: 1, round: N } with a unique index on round, in Java's own serialization.
  const fixture = await readFile(new URL('../../fixtures/serialized.mv.gz', import.meta.url));
  await writeFile(join(folder, 'embedded.mv'), gunzipSync(fixture));
  for (const extra of [0, 1]) {
    mongo = await startMongo({ dataDir: folder });
    const collection = await rows();
    const found = await collection.find().toArray();
    expect(found).toHaveLength(20 + extra);
    expect(found).toContainEqual({ _id: 'doc-7', worker: 1, round: 7 });
    await expect(collection.insertOne({ _id: 'doc-7', worker: 1, round: 99 })).rejects.toThrow(/E11000/);
    await expect(collection.insertOne({ _id: 'new', worker: 1, round: 7 })).rejects.toThrow(/E11000/);
    await collection.insertOne({ _id: `new-${extra}`, worker: 1, round: 20 + extra });
    await mongo.kill9();
  }
  await mongo.start();
});
