import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mongo, startMongo } from '@tidings/local-stack';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, apiOf, publishAll } from '../harness/api.ts';
import { type Collector, startCollector } from '../harness/collector.ts';
import { type Jobs, jobsOf, patience } from '../harness/jobs.ts';
import { startStreamReader } from '../harness/stream-reader.ts';
import { type LocalStack, startTidings, type Tidings } from '../harness/tidings.ts';

/** Ten minutes' worth of attempts at 20 a second; a smaller size for a first look at a change. */
const whileAway = Math.min(12_000, Number(process.env['KILL_TEST_EVENTS'] ?? 12_000));
/** 20,000 and 5,000. */
const present = Math.round((whileAway * 5) / 3);
const arriving = present / 4;
const pageSize = 100;
const type = 'load.away';

let dataDir: string;
let mongo: Mongo;
let tidings: Tidings;
let local: LocalStack;
let api: Api;
let jobs: Jobs;
let collector: Collector;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidings-mongodb-'));
  mongo = await startMongo({ dataDir, kind: 'embedded' });
  // Each list is read page by page.
  const env = { HISTORY_REQUESTS_PER_SECOND: '0', MONGODB_URI: mongo.url };
  tidings = await startTidings({ env });
  local = await tidings.local();
  api = apiOf(local);
  jobs = jobsOf(tidings, api);
  collector = await startCollector();
  const { secret } = await api.subscribe(collector.url, ['load.*'], { max_in_flight: 64 });
  collector.trust(secret);
});

afterAll(async () => {
  await collector?.close();
  await tidings?.stop();
  await mongo?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

type Listed = Readonly<{ id: string; event_id: string; status: string }>;
type Page = Readonly<{ data: readonly Listed[]; next_cursor: string | null }>;

/** Reads all pages of the deliveries. `onPage` runs after each. */
const allDeliveries = async (onPage?: () => Promise<unknown>): Promise<readonly Listed[]> => {
  const found: Listed[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const from: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: Page = await jobs.ask('GET', `deliveries?limit=${pageSize}${from}`);
    found.push(...page.data);
    cursor = page.next_cursor;
    await onPage?.();
  }
  return found;
};

const fromHistory = async (path: string): Promise<Response> => fetch(`${local.services['history']}${path}`);

const lagSeconds = async (projection: string): Promise<number> => {
  const text = await (await fromHistory('/metrics')).text();
  const line = new RegExp(`projection_lag_seconds\\{[^}]*projection="${projection}"[^}]*\\} (\\S+)`);
  return Number(line.exec(text)?.[1]);
};

it('MongoDB away for ten minutes of attempts: all are delivered and streamed meanwhile, and history catches up', async () => {
  const reader = startStreamReader({
    ...{ url: local.url, key: local.admin_key, leaveAfterMs: 2_000 },
    query: `types=${type}`,
  });
  await eventually(() => expect(reader.connections()).toBe(1), patience);
  const port = Number(new URL(mongo.url).port);
  await mongo.stop();
  const events = await publishAll({ local, type, count: whileAway, batchSize: 50 });
  await eventually(() => expect(collector.eventIds()).toEqual(events), patience);
  expect(collector.refused).toEqual([]);
  // Every event, its attempt, and the change of state that this made.
  await eventually(() => expect(reader.messages.length).toBeGreaterThanOrEqual(3 * whileAway), patience);
  await eventually(async () => expect((await fromHistory('/ready')).status).toBe(503), patience);
  expect(await (await fromHistory('/ready')).text()).toMatch(/"lag_seconds":(?!0[,}])/);
  for (const projection of ['attempts', 'events']) expect(await lagSeconds(projection)).toBeGreaterThan(0);
  mongo = await startMongo({ dataDir, kind: 'embedded', port });
  const beganMs = performance.now();
  await eventually(async () => expect((await fromHistory('/ready')).status).toBe(200), patience);
  await eventually(async () => {
    for (const projection of ['attempts', 'events']) expect(await lagSeconds(projection)).toBe(0);
    const { total } = await jobs.ask<{ total: object }>('GET', `stats?event_type=${type}`);
    const attempts = collector.receipts.length;
    expect(total).toMatchObject({ accepted: whileAway, attempts, delivered: attempts, failed: 0 });
  }, patience);
  const tookS = Math.round((performance.now() - beganMs) / 1_000);
  const deliveries = await allDeliveries();
  expect(deliveries).toHaveLength(whileAway);
  expect(new Set(deliveries.map(({ event_id }) => event_id))).toEqual(events);
  expect(new Set(deliveries.map(({ status }) => status))).toEqual(new Set(['delivered']));
  await reader.close();
  expect(reader.connections()).toBeGreaterThan(3);
  expect(reader.faults).toEqual([]);
  const keys = reader.messages.map(({ kind, event_id, delivery_id, attempt }) =>
    [kind, event_id, delivery_id, attempt].join(' '),
  );
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).toHaveLength(3 * whileAway);
  console.log(
    `${whileAway} delivered without MongoDB, ${collector.duplicates()} twice; history caught up in ${tookS} s; ` +
      `the stream had each once over ${reader.connections()} connections, ${reader.dropped()} of them dropped as slow`,
  );
}, 900_000);

it('pages through 20,000 deliveries while 5,000 arrive: each that was there when page 1 was read comes once', async () => {
  const count = present - whileAway;
  await publishAll({ local, type: 'load.present', count, batchSize: 100 });
  const delivered = async (): Promise<number> =>
    (await jobs.ask<{ total: { delivered: number } }>('GET', 'stats')).total.delivered;
  await eventually(async () => expect(await delivered()).toBeGreaterThanOrEqual(present), patience);
  const before = new Set((await allDeliveries()).map(({ id }) => id));
  expect(before.size).toBe(present);
  let arrived = 0;
  const found = await allDeliveries(async () => {
    if (arrived >= arriving) return;
    arrived += 25;
    await publishAll({ local, type: `load.arriving_${arrived}`, count: 25 });
  });
  const ids = found.map(({ id }) => id);
  const listed = new Set(ids);
  expect(listed.size).toBe(ids.length);
  expect([...before].filter((id) => !listed.has(id))).toEqual([]);
  await eventually(
    async () => expect(await delivered()).toBeGreaterThanOrEqual(present + arriving),
    patience,
  );
  expect(await allDeliveries()).toHaveLength(present + arriving);
  console.log(`${ids.length} of ${present} listed, each once, while ${arrived} arrived`);
}, 900_000);
