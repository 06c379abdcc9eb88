import { createMetrics, silentLogger } from '@tidings/observability';
import { Health, systemClock } from '@tidings/runtime';
import { eventually, sharedMongodbUri } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MongoConnection } from '../src/adapters/mongo-connection.ts';
import { MongoIdempotencyStore } from '../src/adapters/mongo-idempotency-store.ts';
import { MongoSubscriptionStore } from '../src/adapters/mongo-subscription-store.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { describeIdempotencyStore } from './idempotency-store-contract.ts';
import { describeSubscriptionStore } from './subscription-store-contract.ts';

const { handles } = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false });
const health = new Health();
const mongo = new MongoConnection({
  uri: sharedMongodbUri(),
  database: 'registry_contract',
  clock: systemClock,
  logger: silentLogger,
  health: health.register('mongodb'),
});
const { connection } = mongo;
const store = new MongoSubscriptionStore({ connection, logger: silentLogger, metrics: handles });
const keys = new MongoIdempotencyStore(connection);

beforeAll(async () => {
  mongo.beforeUp(async () => store.createIndexes());
  mongo.beforeUp(async () => keys.createIndexes());
  mongo.open();
  await eventually(() => expect(health.report().ready).toBe(true));
});
afterAll(async () => {
  await mongo.close();
});

const emptied = async (collection: string): Promise<void> => {
  await connection.collection(collection).deleteMany({});
};

describeSubscriptionStore('the MongoDB store', async () => {
  await emptied('subscriptions');
  return store;
});
describeIdempotencyStore('the MongoDB store', async () => {
  await emptied('idempotency_keys');
  return keys;
});

it('leaves out a document that it cannot read, and shows the others', async () => {
  await emptied('subscriptions');
  await connection.collection<{ _id: string }>('subscriptions').insertOne({ _id: 'sub_broken' });
  const page = await store.listAll({ afterId: null, limit: 10 });
  expect(page).toEqual({ items: [], nextAfterId: null });
});
