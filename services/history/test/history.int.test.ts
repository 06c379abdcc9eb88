import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttemptRecorded,
  encodeAttempt,
  encodeEvent,
  newEventId,
  newSubscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { type Bus, connectKafka, type Producer } from '@tidings/kafka';
import { type Mongo, startMongo } from '@tidings/local-stack';
import { MongoConnection } from '@tidings/mongodb';
import { createServiceContext, silentLogger } from '@tidings/observability';
import { Health, loadConfig, systemClock } from '@tidings/runtime';
import {
  eventually,
  guardMongodbCommands,
  publishTestKey,
  sharedBrokers,
  sharedMongodbUri,
} from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import mongoose from 'mongoose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MongoAuditStore } from '../src/audit/adapters/mongo-audit-store.ts';
import { configSpec } from '../src/config.ts';
import { MongoDeadLetterStore } from '../src/dead-letters/adapters/mongo-dead-letter-store.ts';
import { type FormerJobDocument, takeOverJobs } from '../src/dead-letters/adapters/take-over-jobs.ts';
import { MongoDeliveryStore } from '../src/deliveries/adapters/mongo-delivery-store.ts';
import { MongoEventStore } from '../src/events/adapters/mongo-event-store.ts';
import { MongoJobStore } from '../src/jobs/adapters/mongo-job-store.ts';
import { newJobId } from '../src/jobs/start-job.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { MongoReceivedStore } from '../src/received/adapters/mongo-received-store.ts';
import { MongoRetryStore } from '../src/retries/adapters/mongo-retry-store.ts';
import { MongoRunStore } from '../src/runs/adapters/mongo-run-store.ts';
import { startHistory } from '../src/service.ts';
import { MongoStatisticsStore } from '../src/statistics/adapters/mongo-statistics-store.ts';
import { describeAuditStore } from './audit/audit-store-contract.ts';
import { aFailure, anAcceptedEvent, testSealingKeys } from './builders.ts';
import { describeDeadLetterStore } from './dead-letters/dead-letter-store-contract.ts';
import { describeDeliveryStore } from './deliveries/delivery-store-contract.ts';
import { describeEventStore } from './events/event-store-contract.ts';
import { describeJobStore } from './jobs/job-store-contract.ts';
import { describeReceivedStore } from './received/received-store-contract.ts';
import { describeRetryStore } from './retries/retry-store-contract.ts';
import { describeRunStore } from './runs/run-store-contract.ts';
import { describeStatisticsStore } from './statistics/statistics-store-contract.ts';

// Before any client connects.
const sent = guardMongodbCommands(mongoose.mongo, 'history');
const brokers = sharedBrokers();
const adminKey = 'an-admin-key-for-tests';
const path = '/v1/webhooks/deliveries';

let bus: Bus;
let producer: Producer;
const cleanUps: (() => Promise<void>)[] = [];

beforeAll(async () => {
  bus = await connectKafka({ brokers, clientId: 'history-test', logger: silentLogger });
  producer = await bus.producer();
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  expect(sent.faults).toEqual([]);
});

afterAll(async () => {
  await bus.close();
  // Otherwise nothing was observed.
  for (const command of ['insert', 'update', 'find']) expect(sent.seen).toContain(command);
});

type Listed = { id: string; status: string; attempt_count: number; event_id: string };

const start = async (
  workspace: string,
  { MONGODB_URI = sharedMongodbUri(), ...env }: Record<string, string> = {},
) => {
  const config = loadConfig(configSpec, {
    KAFKA_BROKERS: brokers.join(','),
    MONGODB_URI,
    SEALING_KEYS: testSealingKeys,
    ...env,
  });
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'history',
    config,
    catalogue: metricsCatalogue,
  });
  const key = `${adminKey}-${workspace}`;
  await publishTestKey(producer, { key, workspaceId: workspace });
  const { url } = await startHistory(context);
  const stop = async () => context.resources.close(15_000);
  cleanUps.push(stop);
  const get = async (query: string) => {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`${url}${query}`, { headers });
    return {
      status: response.status,
      body: (await response.json()) as { data: Listed[]; next_cursor: string | null },
    };
  };
  const all = async (): Promise<Listed[]> => {
    const found: Listed[] = [];
    let cursor = '';
    do {
      const { body } = await get(`${path}?limit=100${cursor}`);
      found.push(...body.data);
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    return found;
  };
  const isReady = async () => (await fetch(`${url}/ready`)).status === 200;
  return { url, stop, get, all, isReady };
};

const aWorkspace = () => {
  const workspace = workspaceId(`ws_${randomUUID()}`);
  const newBase = (): Partial<AttemptRecorded> => ({
    workspaceId: workspace,
    eventId: newEventId(Date.now()),
    subscriptionId: newSubscriptionId(Date.now()),
  });
  const record = async (attempts: readonly AttemptRecorded[]) => {
    const records = attempts.map((attempt) => ({ topic: topics.attempts, ...encodeAttempt(attempt, null) }));
    await producer.publishAll(records);
  };
  const accept = async (count: number) => {
    const records = Array.from({ length: count }, () => ({
      topic: topics.events,
      ...encodeEvent(anAcceptedEvent(workspace), { isRepeatable: true }),
    }));
    await producer.publishAll(records);
  };
  return { workspace, newBase, record, accept };
};

describe('history with real Kafka and the embedded MongoDB', () => {
  it('reads again after a restart without duplicates; a projection from offset 0 is equal', async () => {
    const { workspace, newBase, record } = aWorkspace();
    const bases = Array.from({ length: 120 }, newBase);
    const firsts = bases.map((base, n) => (n % 3 === 0 ? aFailure(1, 1, base) : anAttemptRecord(1, base)));
    const seconds = bases
      .filter((_, n) => n % 6 === 0)
      .map((base) => anAttemptRecord(1, { ...base, attempt: 2 }));
    const live = await start(workspace);
    await record(firsts);
    await eventually(async () => expect(await live.all()).toHaveLength(120), { timeoutMs: 30_000 });
    await live.stop();
    await record([...seconds, ...firsts.slice(0, 40)]);
    const again = await start(workspace);
    await eventually(async () => {
      const statuses = (await again.all()).map(({ status }) => status);
      const count = (wanted: string) => statuses.filter((status) => status === wanted).length;
      expect([count('delivered'), count('retrying')]).toEqual([100, 20]);
    });
    const one = await again.get(`${path}/${anAttemptRecord(1, bases[0]).deliveryId}`);
    expect(one.body).toMatchObject({ attempts: [{ attempt: 1 }, { attempt: 2 }] });
    const seen = await again.all();
    await again.stop();
    const id = randomUUID().slice(0, 8);
    const rebuilt = await start(workspace, {
      HISTORY_GROUP: `rebuild-${id}`,
      HISTORY_DATABASE: `rebuild_${id}`,
    });
    await eventually(async () => expect(await rebuilt.all()).toEqual(seen), { timeoutMs: 30_000 });
  });

  it('waits while MongoDB is stopped, reports it, and resumes without loss', async () => {
    const { workspace, newBase, record, accept } = aWorkspace();
    const dataDir = await mkdtemp(join(tmpdir(), 'tidings-history-'));
    let mongo: Mongo = await startMongo({ dataDir, kind: 'embedded' });
    const port = Number(new URL(mongo.url).port);
    cleanUps.push(async () => {
      await mongo.stop();
      await rm(dataDir, { recursive: true, force: true });
    });
    const history = await start(workspace, { MONGODB_URI: mongo.url });
    await eventually(async () => expect(await history.isReady()).toBe(true), { timeoutMs: 30_000 });
    await record(Array.from({ length: 50 }, () => anAttemptRecord(1, newBase())));
    await eventually(async () => expect(await history.all()).toHaveLength(50));
    await mongo.stop();
    await record(Array.from({ length: 1_500 }, () => anAttemptRecord(1, newBase())));
    await accept(300);
    await eventually(async () => expect(await history.isReady()).toBe(false));
    const lagOf = async (projection: string): Promise<number> => {
      const text = await (await fetch(`${history.url}/metrics`)).text();
      const line = new RegExp(`projection_lag_seconds\\{[^}]*projection="${projection}"[^}]*\\} (\\S+)`);
      return Number(line.exec(text)?.[1]);
    };
    const lags = async () => [await lagOf('attempts'), await lagOf('events')];
    await eventually(async () => expect(Math.min(...(await lags()))).toBeGreaterThan(0));
    expect(await (await fetch(`${history.url}/ready`)).text()).toMatch(/"lag_seconds":(?!0[,}])/);
    await eventually(async () => expect((await history.get(path)).status).toBe(503), { timeoutMs: 30_000 });
    mongo = await startMongo({ dataDir, kind: 'embedded', port });
    await eventually(async () => expect(await history.isReady()).toBe(true), { timeoutMs: 30_000 });
    await eventually(async () => expect(await history.all()).toHaveLength(1_550), { timeoutMs: 30_000 });
    await eventually(async () => {
      const { body } = await history.get('/v1/webhooks/stats');
      expect(body).toMatchObject({ total: { accepted: 300 } });
      expect(await lags()).toEqual([0, 0]);
    });
  });

  it('can start before MongoDB', async () => {
    const { workspace, newBase, record } = aWorkspace();
    const dataDir = await mkdtemp(join(tmpdir(), 'tidings-history-'));
    const reserved = await startMongo({ dataDir, kind: 'embedded' });
    const port = Number(new URL(reserved.url).port);
    await reserved.stop();
    const history = await start(workspace, { MONGODB_URI: reserved.url });
    await record([anAttemptRecord(1, newBase())]);
    await eventually(async () => expect(await history.isReady()).toBe(false));
    const mongo = await startMongo({ dataDir, kind: 'embedded', port });
    cleanUps.push(async () => {
      await history.stop();
      await mongo.stop();
      await rm(dataDir, { recursive: true, force: true });
    });
    await eventually(async () => expect(await history.all()).toHaveLength(1), { timeoutMs: 30_000 });
  });
});

const openStores = async (database: string) => {
  const health = new Health();
  const mongo = new MongoConnection({
    uri: sharedMongodbUri(),
    database,
    appName: 'tidings-history',
    clock: systemClock,
    logger: silentLogger,
    health: health.register('mongodb'),
  });
  const unmeasured = { observe: () => {} };
  const deliveries = new MongoDeliveryStore(mongo.connection, unmeasured);
  const events = new MongoEventStore(mongo.connection, unmeasured);
  const deadLetters = new MongoDeadLetterStore(mongo.connection, unmeasured);
  const audit = new MongoAuditStore(mongo.connection, unmeasured);
  const received = new MongoReceivedStore(mongo.connection, unmeasured);
  const jobs = new MongoJobStore(mongo.connection, unmeasured);
  const retries = new MongoRetryStore(mongo.connection, unmeasured);
  const statistics = new MongoStatisticsStore(mongo.connection, unmeasured);
  const runs = new MongoRunStore(mongo.connection, unmeasured);
  for (const store of [deliveries, events, deadLetters, audit, received, jobs, retries, statistics, runs])
    mongo.beforeUp(async () => store.createIndexes());
  mongo.open();
  await eventually(() => expect(health.report().ready).toBe(true));
  return { deliveries, events, deadLetters, audit, received, jobs, retries, statistics, runs, mongo };
};

type Opened = Awaited<ReturnType<typeof openStores>>;
const shared: Partial<Opened> = {};

const opened =
  <Name extends keyof Opened>(name: Name) =>
  (): Opened[Name] => {
    const store = shared[name];
    if (store === undefined) throw new Error('the store is not open');
    return store;
  };

describe('the MongoDB stores', () => {
  beforeAll(async () => {
    Object.assign(shared, await openStores(`contract_${randomUUID().slice(0, 8)}`));
  });

  afterAll(async () => {
    await shared.mongo?.close();
  });

  describeDeliveryStore('MongoDB', opened('deliveries'));
  describeEventStore('MongoDB', opened('events'));
  describeDeadLetterStore('MongoDB', opened('deadLetters'));
  describeJobStore('MongoDB', opened('jobs'));
  describeRetryStore('MongoDB', opened('retries'));
  describeStatisticsStore('MongoDB', opened('statistics'));
  describeAuditStore('MongoDB', opened('audit'));
  describeReceivedStore('MongoDB', opened('received'));
  describeRunStore('MongoDB', opened('runs'));

  it('take over the jobs of version 0.1, once, and leave nothing behind', async () => {
    const { jobs, mongo } = { jobs: opened('jobs')(), mongo: opened('mongo')() };
    const scope = { workspaceId: workspaceId(`ws_${randomUUID()}`), ownerId: null };
    const filters = { ...scope, poison: 'none', kind: 'delivery' };
    const former = (rest: Partial<FormerJobDocument>): FormerJobDocument => ({
      _id: newJobId(),
      ...{ action: 'redrive', workspace_id: scope.workspaceId, owner_id: null },
      ...{ filters_json: JSON.stringify(filters), by: 'key_1', reason: null, rate_per_second: 7 },
      ...{ state: 'running', is_open: true, stretches: [{ partition: 2, next: 5, end: 9 }] },
      counts: { settled: 4, delivered: 1, skipped: 0, failed: 0 },
      ...{ created_at_ms: 1_000, ended_at_ms: null, failures: 0, error: null },
      ...{ claim: 'of-another-version', claimed_until_ms: Date.now() + 9_000, ...rest },
    });
    const discard = { action: 'discard', reason: 'r', created_at_ms: 2_000 } as const;
    const open = former({});
    const ended = former({ ...discard, state: 'done', is_open: false, ended_at_ms: 3_000 });
    const collection = mongo.connection.collection('dead_letter_jobs');
    await collection.insertMany([open, ended] as never);
    await takeOverJobs(mongo.connection, jobs);
    await takeOverJobs(mongo.connection, jobs);
    expect(await jobs.list(scope, { limit: 9, after: null })).toMatchObject([
      {
        id: ended._id,
        kind: 'discard',
        state: 'done',
        isDue: false,
        counts: { discarded: 4 },
        endedAtMs: 3_000,
      },
      {
        ...{ id: open._id, kind: 'redrive', state: 'queued', isDue: true, requestedBy: 'key_1', done: 5 },
        ...{ spec: { filters, reason: null }, checkpoint: open.stretches, ratePerSecond: 7, claim: '' },
        counts: { redriven: 4, delivered: 1 },
      },
    ]);
    expect(await collection.countDocuments({})).toBe(0);
  });
});
