import { describeIdempotencyStore } from '@tidings/http/testing';
import { MongoConnection, MongoIdempotencyStore } from '@tidings/mongodb';
import { createMetrics, silentLogger } from '@tidings/observability';
import { Health, systemClock } from '@tidings/runtime';
import { eventually, guardMongodbCommands, sharedMongodbUri } from '@tidings/testing';
import mongoose from 'mongoose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MongoHealthStore } from '../../src/endpoint-health/adapters/mongo-health-store.ts';
import { metricsCatalogue } from '../../src/metrics.ts';
import { MongoAuditLog } from '../../src/registry/adapters/mongo-audit-log.ts';
import { MongoDocumentStore } from '../../src/registry/adapters/mongo-document-store.ts';
import { subscriptionKind } from '../../src/subscriptions/subscription-kind.ts';
import { describeAuditLog } from './audit-log-contract.ts';
import { describeHealthStore } from './health-store-contract.ts';
import { describeSubscriptionStore } from './subscription-store-contract.ts';

const guard = guardMongodbCommands(mongoose.mongo, 'subscription');
const database = 'registry_contract';
// Not guarded: the test itself empties the collections.
const cleaner = mongoose.createConnection(sharedMongodbUri(), { dbName: database });
const { handles } = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false });
const health = new Health();
const mongo = new MongoConnection({
  uri: sharedMongodbUri(),
  database,
  appName: 'tidings-subscription',
  clock: systemClock,
  logger: silentLogger,
  health: health.register('mongodb'),
});
const { connection } = mongo;
const store = new MongoDocumentStore({
  kind: subscriptionKind,
  connection,
  logger: silentLogger,
  metrics: handles,
});
const audit = new MongoAuditLog(connection);
const keys = new MongoIdempotencyStore(connection);
const endpointHealth = new MongoHealthStore(connection);

beforeAll(async () => {
  mongo.beforeUp(async () => store.createIndexes());
  mongo.beforeUp(async () => keys.createIndexes());
  mongo.beforeUp(async () => audit.createIndexes());
  mongo.open();
  await eventually(() => expect(health.report().ready).toBe(true));
});
afterAll(async () => {
  await Promise.all([mongo.close(), cleaner.close()]);
  expect(guard.faults).toEqual([]);
  expect([...guard.seen]).toContain('delete');
});

const emptied = async (collection: string): Promise<void> => {
  await cleaner.collection(collection).deleteMany({});
};

describeSubscriptionStore('the MongoDB store', async () => {
  await emptied('subscriptions');
  return store;
});
describeIdempotencyStore('the MongoDB store', async () => {
  await emptied('idempotency_keys');
  return keys;
});

describeAuditLog(
  'the MongoDB log',
  async () => {
    await emptied('audit_log');
    await emptied('audit_outbox');
    return audit;
  },
  async (_, id) => {
    await cleaner.collection<{ _id: string }>('audit_outbox').insertOne({ _id: id });
  },
);

describeHealthStore('the MongoDB store', async () => {
  await emptied('subscription_health');
  return endpointHealth;
});

it('omits a document that it cannot decode, and lists the others', async () => {
  await emptied('subscriptions');
  await connection.collection<{ _id: string }>('subscriptions').insertOne({ _id: 'sub_broken' });
  const page = await store.listAll({ afterId: null, limit: 10 });
  expect(page).toEqual({ items: [], nextAfterId: null });
});
