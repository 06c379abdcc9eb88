import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  type AttemptRecorded,
  encodeAttempt,
  encodeErasure,
  encodeEvent,
  newEventId,
  newReceivedId,
  newSubscriptionId,
  type TopicDefinition,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { type Bus, connectKafka } from '@tidings/kafka';
import { createServiceContext, silentLogger } from '@tidings/observability';
import { type Clock, loadConfig, systemClock } from '@tidings/runtime';
import {
  eventually,
  guardProcesses,
  publishTestKey,
  sharedBrokers,
  sharedMongodbUri,
} from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { type Connection, createConnection } from 'mongoose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configSpec } from '../../src/config.ts';
import { metricsCatalogue } from '../../src/metrics.ts';
import { MongoRebuildStore, requireNoRebuild } from '../../src/rebuild/adapters/mongo-rebuild-store.ts';
import type { RebuiltPartition } from '../../src/rebuild/domain/rebuild.ts';
import { openRebuild } from '../../src/rebuild/open-rebuild.ts';
import { startHistory } from '../../src/service.ts';
import { aFailure, anAcceptedEvent, testSealingKeys } from '../builders.ts';
import { historyProcesses } from '../history-process.ts';
import { rebuild } from './rebuild-harness.ts';

const brokers = sharedBrokers();
const database = `rebuild_${randomUUID().slice(0, 8)}`;
const uri = sharedMongodbUri();
const dayMs = 86_400_000;
let bus: Bus;
let connection: Connection;

beforeAll(async () => {
  bus = await connectKafka({ brokers, clientId: 'rebuild-test', logger: silentLogger });
  connection = await createConnection(uri, { dbName: database }).asPromise();
});

afterAll(async () => {
  processes.killAll();
  expect(guard.faults()).toEqual([]);
  guard.close();
  await connection.close();
  await bus.close();
});

const contextOf = (clock: Clock = systemClock) =>
  createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'history',
    config: loadConfig(configSpec, {
      KAFKA_BROKERS: brokers.join(','),
      MONGODB_URI: uri,
      SEALING_KEYS: testSealingKeys,
      HISTORY_DATABASE: database,
      HISTORY_GROUP: database,
    }),
    catalogue: metricsCatalogue,
    clock,
  });

// The wait for services that are just starting passes at once.
const impatient: Clock = {
  ...systemClock,
  setTimer: (callback, ms) => systemClock.setTimer(callback, ms === 10_000 ? 0 : ms),
};

/** Returns the documents of a workspace, without what depends on the number of writes. */
const documentsOf = async (name: string, conditions: object) => {
  const documents = await connection.collection(name).find(conditions).sort({ _id: 1 }).toArray();
  return documents.map((document): unknown => ({
    ...document,
    rev: null,
    last_reason: (document['last_reason'] ?? null) as unknown,
  }));
};

const key = `a-key-${randomUUID()}`;
const guard = guardProcesses();
const processes = historyProcesses({ key, guard });

it('misses nothing after kill -9 under load, and a rebuild makes the same documents, erased ones too; services wait for it', async () => {
  const workspace = workspaceId(`ws_${randomUUID()}`);
  const ofWorkspace = { workspace_id: workspace };
  const counted = { _id: { $gt: `${workspace}/`, $lt: `${workspace}0` } };
  const producer = await bus.producer();
  await publishTestKey(producer, { key, workspaceId: workspace });
  const nowMs = Date.now();
  const attempts = Array.from({ length: 1_200 }, (_, n): AttemptRecorded => {
    const base = {
      ...{ workspaceId: workspace, eventId: newEventId(nowMs), subscriptionId: newSubscriptionId(nowMs) },
      ...{ acceptedAtMs: nowMs, atMs: nowMs },
    };
    return n % 3 === 0 ? aFailure(1, 1, base) : anAttemptRecord(1, base);
  });
  const record = async (some: readonly AttemptRecorded[]) =>
    producer.publishAll(some.map((attempt) => ({ topic: topics.attempts, ...encodeAttempt(attempt, null) })));
  const events = Array.from({ length: 300 }, () => ({
    topic: topics.events,
    ...encodeEvent(anAcceptedEvent(workspace), { isRepeatable: true }),
  }));
  const deliveries = connection.collection('deliveries');
  const erasedEvent = { event_id: attempts[0]?.eventId } as const;
  const erasure = encodeErasure({
    ...{
      type: 'DataErased.v1',
      erasureId: `job_${randomUUID().replaceAll('-', '')}`,
      workspaceId: workspace,
    },
    ...{ scope: { kind: 'event', eventId: attempts[0]?.eventId ?? newEventId(nowMs) }, reason: null },
    ...{ beforeMs: nowMs + 1, requestedAtMs: nowMs, requestedBy: 'key_1' },
  });
  await producer.publish({ topic: topics.erasures, ...erasure });
  const stored = async () => deliveries.countDocuments(ofWorkspace);
  const first = await processes.start(database);
  // Half of them repeat others, and come before them.
  await record(attempts.slice(600));
  await producer.publishAll(events);
  await eventually(async () => expect(await stored()).toBeGreaterThan(0), { timeoutMs: 60_000 });
  first.child.kill('SIGKILL');
  const second = await processes.start(database);
  await record(attempts);
  await producer.publishAll(events.slice(0, 100));
  const lagOf = async (group: string, topic: TopicDefinition) =>
    (await bus.lag(group, [topic])).reduce((sum, { lagRecords }) => sum + lagRecords, 0n);
  await eventually(
    async () => {
      expect(await stored()).toBe(1_200);
      expect(await lagOf(database, topics.attempts)).toBe(0n);
      expect(await lagOf(`${database}-events`, topics.events)).toBe(0n);
    },
    { timeoutMs: 60_000 },
  );
  // Each attempt once, however often it was read and recorded: 1,800 records of 1,200 attempts, over two processes.
  expect(await second.call('GET', 'stats')).toMatchObject({
    total: { accepted: 400, delivered: 800, failed: 400 },
  });
  const contents = async () => [
    await documentsOf('deliveries', ofWorkspace),
    await documentsOf('events', ofWorkspace),
    await documentsOf('statistics', counted),
  ];
  const expected = await contents();
  expect(await deliveries.findOne(erasedEvent)).toMatchObject({ erased: true });

  const rebuilding = contextOf(impatient);
  const parts = await openRebuild(rebuilding);
  await expect(rebuild(parts)).rejects.toThrow(new RegExp(`'${database}' \\(1\\)`));
  const ended = once(second.child, 'exit');
  second.child.kill('SIGTERM');
  await ended;
  await deliveries.deleteMany({ ...ofWorkspace, status: 'delivered' });
  await deliveries.deleteMany(erasedEvent);
  await deliveries.updateMany(ofWorkspace, { $set: { status: 'pending', attempts: [] } });
  await connection.collection('statistics').updateMany(counted as never, { $set: { consumers: {} } });
  expect(await contents()).not.toEqual(expected);
  await rebuild(parts);
  expect(await contents()).toEqual(expected);

  // An unfinished one keeps the service from opening the database.
  const partitions = await parts.log.partitions();
  await parts.store.save({ phase: 'reading', keepOlder: false, startedAtMs: nowMs, partitions });
  await expect(requireNoRebuild(uri, database)).rejects.toMatchObject({ code: 'unavailable' });
  const waiting = contextOf();
  const started = await startHistory(waiting);
  await eventually(async () => {
    const response = await fetch(`${started.url}/ready`);
    expect(JSON.stringify(await response.json())).toContain('is not finished');
  });
  await parts.store.end();
  await eventually(async () => expect((await fetch(`${started.url}/ready`)).status).toBe(200), {
    timeoutMs: 30_000,
  });
  await waiting.resources.close(15_000);
  await rebuilding.resources.close(5_000);
}, 120_000);

it('removes what the log has, and keeps what is older if asked to', async () => {
  const context = contextOf();
  const store = new MongoRebuildStore(connection, context.metrics.handles.mongoSeconds);
  const nowMs = Date.now();
  const held = (topic: { name: string }, partition: number, low: number): RebuiltPartition => ({
    ...{ topic: topic.name, partition, low, end: 100, next: low, firstMs: nowMs - 2 * dayMs },
  });
  const partitions = [
    ...[held(topics.attempts, 0, 7), held(topics.attempts, 1, 0)],
    ...[
      held(topics.events, 0, 7),
      held(topics.events, 1, 0),
      { ...held(topics.events, 2, 100), firstMs: null },
    ],
    ...[held(topics.deadLetters, 0, 7), held(topics.deadLetters, 1, 0)],
    held(topics.received, 0, 7),
    held(topics.runs, 0, 7),
  ];
  const ids = [3, 1].map((days) => newReceivedId(nowMs - days * dayMs));
  const [old, young] = [new Date(nowMs - 3 * dayMs), new Date(nowMs - dayMs)];
  const collections = [
    'deliveries',
    'events',
    'dead_letters',
    'dead_letter_contents',
    'statistics',
    'received',
    'runs',
    'audit',
  ];
  const fill = async () => {
    for (const name of collections) await connection.collection(name).deleteMany({});
    const insert = async (name: string, documents: readonly object[]) =>
      connection.collection(name).insertMany(documents as never);
    await insert('deliveries', [
      { _id: 'old', created_at: old },
      { _id: 'young', created_at: young },
    ]);
    const at = (partition: number, field: string) => [
      { _id: `old-${partition}`, partition, [field]: old },
      { _id: `young-${partition}`, partition, [field]: young },
    ];
    await insert(
      'events',
      [0, 1, 2].flatMap((partition) => at(partition, 'accepted_at')),
    );
    await insert(
      'dead_letters',
      [0, 1].flatMap((partition) => at(partition, 'recorded_at')),
    );
    await insert(
      'dead_letter_contents',
      [0, 1].flatMap((partition) => at(partition, 'x')),
    );
    await insert('statistics', [
      { _id: 'ws/day/a/tidings.attempts-0', start: old },
      { _id: 'ws/day/b/tidings.attempts-0', start: young },
      { _id: 'ws/day/a/tidings.attempts-1', start: old },
      { _id: 'ws/day/b/tidings.attempts-10', start: young },
    ]);
    await insert('received', [{ _id: ids[0] }, { _id: ids[1] }]);
    await insert('runs', [
      { _id: 'old', recorded_at: old },
      { _id: 'young', recorded_at: young },
    ]);
    await insert('audit', [{ _id: 'aud_1', at: old }]);
  };
  const left = async () => {
    const found: Record<string, unknown> = {};
    for (const name of collections) {
      const documents = await connection.collection(name).find({}).sort({ _id: 1 }).toArray();
      found[name] = documents.map(({ _id }) => String(_id));
    }
    return found;
  };
  await fill();
  expect(await store.count({ keepOlder: true, partitions })).toEqual({
    ...{ deliveries: 1, events: 3, dead_letters: 3, statistics: 2, received: 1, runs: 1 },
  });
  await store.clear({ keepOlder: true, partitions });
  expect(await left()).toEqual({
    deliveries: ['old'],
    events: ['old-0', 'old-2', 'young-2'],
    dead_letters: ['old-0'],
    dead_letter_contents: ['old-0'],
    statistics: ['ws/day/a/tidings.attempts-0', 'ws/day/b/tidings.attempts-10'],
    received: [ids[0]],
    runs: ['old'],
    audit: ['aud_1'],
  });
  await fill();
  await store.clear({ keepOlder: false, partitions });
  const none = Object.fromEntries(collections.map((name) => [name, []]));
  expect(await left()).toEqual({ ...none, audit: ['aud_1'] });
  await context.resources.close(1_000);
});
