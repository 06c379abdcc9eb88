import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Collection, Decimal128, type Document, Long, MongoClient, ObjectId } from 'mongodb';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { type Mongo, startMongo } from './mongo.ts';

/** Rounds of the comparison: TIDINGS_INDEX_ROUNDS=100 runs for minutes. */
const rounds = Number(process.env['TIDINGS_INDEX_ROUNDS'] ?? 3);
const firstSeed = Number(process.env['TIDINGS_INDEX_SEED'] ?? 1);

let folder: string;
let mongo: Mongo;
let client: MongoClient;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-indexes-'));
  mongo = await startMongo({ dataDir: folder, kind: 'embedded' });
  client = new MongoClient(mongo.url, { serverSelectionTimeoutMS: 10_000 });
});

afterEach(async () => {
  await client.close();
  await mongo.stop();
  await rm(folder, { recursive: true, force: true });
});

type Row = Document & { _id: string };

const indexes: readonly Record<string, 1 | -1>[] = [
  { w: 1, at: -1, _id: -1 },
  { w: 1, s: 1, at: -1, _id: -1 },
  { w: 1, t: 1, at: -1, _id: -1 },
  { n: 1, at: 1 },
  { key: 1 },
  { at: -1 },
  { 'deep.x': 1, s: -1 },
  { tags: 1 },
];

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  isOne(in_: number): boolean {
    return this.below(in_) === 0;
  }
}

const workspaces = ['ws_a', 'ws_b', '', null];
const states = ['pending', 'failed', 'delivered', 'delivered', 'delivered'];
const types = [
  'order.paid',
  'order.paid.late',
  'order/x',
  'ordes',
  'user.made',
  'user.ä',
  'user.\u{1F600}',
  'u\0',
  'u\u0001',
];
const numbers = [
  0,
  -0,
  1,
  1.5,
  -7,
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  -1e300,
  Number.POSITIVE_INFINITY,
  Long.fromNumber(3),
];
const odd = [
  [],
  ['failed', 'pending'],
  { a: 1 },
  Decimal128.fromString('1.5'),
  Long.fromString('9007199254740993'),
  true,
  false,
  new ObjectId('0123456789abcdef01234567'),
];
const tags = [['one'], ['one', 'two'], ['two', 'two', 'three'], 'one', null];
const timeAt = (random: Random): Date => new Date(1_790_000_000_000 + random.below(40) - 5);
const idAt = (random: Random): string =>
  `evt_${random.below(30)}/${random.below(9)}${random.isOne(20) ? 'é' : ''}`;

const fieldsOf = (random: Random, hasOdd: boolean): Document => ({
  w: random.of(workspaces),
  s: hasOdd && random.isOne(30) ? random.of(odd) : random.of(states),
  t: random.of(types),
  at: random.isOne(25) ? null : timeAt(random),
  ...(random.isOne(4) ? {} : { n: hasOdd && random.isOne(30) ? random.of(odd) : random.of(numbers) }),
  ...(random.isOne(5) ? {} : { key: `key ${random.below(60)}` }),
  ...(random.isOne(2) ? {} : { tags: random.of(tags) }),
  ...(random.isOne(3) ? {} : { deep: random.isOne(4) ? null : { x: random.below(4) } }),
});

const change = async (random: Random, rows: Collection<Row>, hasOdd: boolean): Promise<void> => {
  const kind = random.below(10);
  if (kind < 4) {
    const made = Array.from({ length: 1 + random.below(20) }, () => ({
      _id: idAt(random),
      ...fieldsOf(random, hasOdd),
    }));
    // Some exist already: the others are inserted.
    await rows.insertMany(made, { ordered: false }).catch(() => null);
  } else if (kind < 6) {
    await rows.updateOne(
      { _id: idAt(random) },
      { $set: fieldsOf(random, hasOdd) },
      { upsert: random.isOne(2) },
    );
  } else if (kind < 7) {
    await rows.updateMany(
      { w: random.of(workspaces), s: random.of(states) },
      { $set: { s: random.of(states) } },
    );
  } else if (kind < 8) {
    await rows.updateMany({ at: { $lt: timeAt(random) }, t: random.of(types) }, { $unset: { n: 1, key: 1 } });
  } else if (kind < 9) {
    await rows.deleteMany({ _id: { $in: [idAt(random), idAt(random), idAt(random)] } });
  } else {
    await rows.deleteOne({ w: random.of(workspaces), s: random.of(states), at: { $gt: timeAt(random) } });
  }
};

const rangeOf = <T>(random: Random, value: () => T): object => ({
  [random.of(['$gt', '$gte'])]: value(),
  ...(random.isOne(2) ? {} : { [random.of(['$lt', '$lte'])]: value() }),
});

const valueFor = (random: Random, field: string): unknown => {
  switch (field) {
    case 'w':
      return random.of(workspaces);
    case 's':
      return random.of([...states, ...odd]);
    case 't':
      return random.of(types);
    case 'at':
      return random.isOne(9) ? null : timeAt(random);
    case 'n':
      return random.of([...numbers, null]);
    case 'key':
      return `key ${random.below(60)}`;
    case 'tags':
      return random.of(['one', 'two', 'three', null]);
    case '_id':
      return idAt(random);
    default:
      return random.below(4);
  }
};

const conditionOn = (random: Random, field: string): Document => {
  const value = (): unknown => valueFor(random, field);
  const kind = random.below(8);
  if (kind < 4) return { [field]: value() };
  if (kind < 5) return { [field]: { $in: Array.from({ length: random.below(4) }, value) } };
  if (kind < 6) return { [field]: { $gt: 'order.', $lt: 'order/' } };
  return { [field]: rangeOf(random, value) };
};

const fields = ['w', 's', 't', 'at', 'n', 'key', 'deep.x', '_id', 'tags'];

const queryOf = (random: Random): Document => {
  const conditions = Array.from({ length: random.below(4) }, () => conditionOn(random, random.of(fields)));
  const query = random.isOne(4)
    ? { $and: [{ w: 'ws_a' }, ...conditions] }
    : Object.fromEntries(conditions.flatMap((condition) => Object.entries(condition)));
  if (random.isOne(3)) {
    const [at, operator] = [timeAt(random), random.of(['$lt', '$gt'])];
    return { ...query, $or: [{ at: { [operator]: at } }, { at, _id: { [operator]: idAt(random) } }] };
  }
  if (!random.isOne(5)) return query;
  const alternatives = Array.from({ length: 1 + random.below(4) }, () =>
    conditionOn(random, random.of(fields)),
  );
  return { ...query, $or: alternatives };
};

const sorts: readonly (Record<string, 1 | -1> | null)[] = [
  null,
  { at: -1, _id: -1 },
  { at: 1, _id: 1 },
  { at: -1, _id: 1 },
  { _id: 1 },
  { _id: -1 },
  { s: 1, at: -1, _id: -1 },
  { w: -1, at: 1, _id: 1 },
  { n: 1, at: 1, _id: 1 },
  { key: -1, _id: 1 },
  { 'deep.x': -1, s: 1, _id: -1 },
];

/** The same query in a form of which no index knows anything. */
const scanned = (query: Document): Document => ({ $nor: [{ $nor: [query] }] });
const idsOf = (rows: readonly Document[]): unknown[] => rows.map(({ _id }) => _id);

const compare = async (random: Random, rows: Collection<Row>): Promise<void> => {
  const query = queryOf(random);
  const sort = random.of(sorts);
  const ask = `${JSON.stringify(query)} ${JSON.stringify(sort)}`;
  const read = async (filter: Document, options: object): Promise<unknown[]> =>
    idsOf(await rows.find(filter, sort === null ? options : { ...options, sort }).toArray());
  const all = await read(scanned(query), {});
  const found = await read(query, {});
  expect([ask, ...(sort === null ? found.toSorted() : found)]).toEqual([
    ask,
    ...(sort === null ? all.toSorted() : all),
  ]);
  if (sort !== null) {
    const [skip, limit] = [random.isOne(2) ? 0 : random.below(5), 1 + random.below(8)];
    expect([ask, skip, limit, ...(await read(query, { skip, limit }))]).toEqual([
      ask,
      skip,
      limit,
      ...all.slice(skip, skip + limit),
    ]);
  }
  const counted = await rows
    .aggregate([{ $match: query }, { $group: { _id: null, count: { $sum: 1 } } }])
    .toArray();
  expect([ask, counted[0]?.['count'] ?? 0]).toEqual([ask, all.length]);
  const field = random.of(['w', 's', 'key', 'n']);
  const [distinct, expected] = [await rows.distinct(field, random.isOne(2) ? {} : query), field];
  expect(new Set(distinct).size, expected).toBe(distinct.length);
};

/** Compares all entries of each index with the documents. */
const compareAll = async (rows: Collection<Row>): Promise<void> => {
  const all = await rows.find(scanned({})).toArray();
  for (const field of ['w', 's', 't', 'key']) {
    const valueIn = (row: Document): unknown => row[field];
    for (const value of new Set(all.map(valueIn).filter((each) => typeof each === 'string'))) {
      const wanted = all.filter((row) => [valueIn(row)].flat().includes(value));
      const query = field === 'key' ? { key: value } : { w: { $in: workspaces }, [field]: value };
      const found = await rows.find(query).sort({ at: -1, _id: -1 }).toArray();
      expect([field, value, ...idsOf(found).toSorted()]).toEqual([field, value, ...idsOf(wanted).toSorted()]);
    }
  }
};

test('answers through indexes are those of a scan, also after kill -9', {
  timeout: 60_000 + rounds * 60_000,
}, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const random = new Random(firstSeed + round);
    const hasOdd = round % 3 === 2;
    const rows = client.db('proof').collection<Row>(`rows-${round}`);
    // Before, between and after the first documents.
    for (const index of indexes) {
      await rows.createIndex(index, 'tags' in index ? { sparse: true } : {});
      if (random.isOne(2)) await change(random, rows, hasOdd);
    }
    for (let step = 0; step < 40; step += 1) {
      await change(random, rows, hasOdd);
      await compare(random, rows);
    }
    const interrupted = change(random, rows, hasOdd).catch(() => null);
    await mongo.kill9();
    await interrupted;
    // Without their file, or with a damaged one, indexes are filled again from the documents.
    if (round % 3 === 1) await writeFile(join(folder, 'embedded.mv.indexes'), 'no file of indexes');
    if (round % 6 === 1) await rm(join(folder, 'embedded.mv.indexes'));
    await mongo.start();
    await compareAll(rows);
    for (let step = 0; step < 40; step += 1) await compare(random, rows);
  }
});
