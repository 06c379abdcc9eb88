import { openAccess } from '@tidings/access';
import { type AttemptRecorded, decodeAttempt, topics } from '@tidings/contracts';
import { type IdempotencyStore, mountRoutes, serve } from '@tidings/http';
import { type Bus, openBus, openProducer, problemOf, watchWorkers } from '@tidings/kafka';
import { MongoConnection, MongoIdempotencyStore } from '@tidings/mongodb';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import { BatchProjector, type Written } from './batch-projector.ts';
import type { configSpec } from './config.ts';
import { MongoDeadLetterStore } from './dead-letters/adapters/mongo-dead-letter-store.ts';
import { MongoJobStore } from './dead-letters/adapters/mongo-job-store.ts';
import { deadLettersOf } from './dead-letters/handle-dead-letter-recorded.ts';
import { openDeadLetters } from './dead-letters/open-dead-letters.ts';
import type { DeadLetterStore, JobStore } from './dead-letters/ports.ts';
import { deliveryRoutes } from './deliveries/adapters/delivery-routes.ts';
import { MongoDeliveryStore } from './deliveries/adapters/mongo-delivery-store.ts';
import { handleAttemptRecorded, type Projected } from './deliveries/handle-attempt-recorded.ts';
import type { DeliveryStore } from './deliveries/ports.ts';
import type { metricsCatalogue } from './metrics.ts';
import { purgeExpired } from './purge-expired.ts';

// At a few hundred attempts per second, one fetch for each costs more than all other work here. A delay of a quarter of
// a second is not noticeable in a delivery. An interval costs nothing at rest, unlike a wait for more bytes.
const fetchSettings = { fetchIntervalMs: 250 } as const;

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The read model. */
export type Stores = Readonly<{
  deliveries: DeliveryStore;
  deadLetters: DeadLetterStore;
  jobs: JobStore;
  keys: IdempotencyStore;
}>;

/** Replacements for Kafka and MongoDB in tests. */
export type Backends = Readonly<{
  openBus: (context: Context) => Promise<Bus>;
  openStores: (context: Context) => Stores;
}>;

const openStores = ({ config, logger, metrics, health, clock, resources }: Context): Stores => {
  const mongo = new MongoConnection({
    uri: config.mongodbUri,
    database: config.database,
    appName: 'tidings-history',
    clock,
    logger,
    health: health.register('mongodb'),
  });
  const { mongoSeconds } = metrics.handles;
  const deliveries = new MongoDeliveryStore(mongo.connection, mongoSeconds);
  const deadLetters = new MongoDeadLetterStore(mongo.connection, mongoSeconds);
  const jobs = new MongoJobStore(mongo.connection, mongoSeconds);
  const keys = new MongoIdempotencyStore(mongo.connection);
  for (const store of [deliveries, deadLetters, jobs, keys])
    mongo.beforeUp(async () => store.createIndexes());
  resources.add('mongodb', () => mongo.close());
  mongo.open();
  return { deliveries, deadLetters, jobs, keys };
};

type AttemptProjector = BatchProjector<AttemptRecorded, Projected>;

const createProjector = (stores: Stores, context: Context): AttemptProjector => {
  const { config, metrics, logger, clock, health } = context;
  const { deliveries, batchRecords, writeSeconds, attemptAgeSeconds, waiting } = metrics.handles;
  const part = health.register('projection');
  part.up();
  const onWritten = ({ records, tookMs, oldestMs, projected }: Written<Projected>): void => {
    const ageMs = Math.max(0, clock.nowMs() - oldestMs);
    for (const outcome of ['inserted', 'updated', 'unchanged'] as const) {
      if (projected[outcome] > 0) deliveries.inc({ outcome }, projected[outcome]);
    }
    batchRecords.observe({}, records);
    writeSeconds.observe({ outcome: 'ok' }, tookMs / 1_000);
    attemptAgeSeconds.observe({}, ageMs / 1_000);
    part.up();
    const { recovered, ...counts } = projected;
    const figures = {
      ...counts,
      recovered: recovered.length,
      tookMs: Math.round(tookMs),
      oldestAgeMs: ageMs,
    };
    logger.info({ records, ...figures }, 'attempts.projected');
  };
  const projector: AttemptProjector = new BatchProjector({
    name: 'attempts',
    project: async (records) => {
      const projected = await handleAttemptRecorded(stores.deliveries, records);
      await stores.deadLetters.markDelivered(projected.recovered.flatMap(deadLettersOf));
      return projected;
    },
    batchRecords: config.batchRecords,
    intervalMs: config.batchIntervalMs,
    clock,
    logger,
    onWritten,
    onFailed: (reason, tookMs) => {
      writeSeconds.observe({ outcome: 'failed' }, tookMs / 1_000);
      part.down(reason);
    },
  });
  waiting.collect((gauge) => gauge.set({}, projector.waiting));
  return projector;
};

/** Consumes the attempts. They wait, and are not lost, while MongoDB is unavailable. */
const work = async (bus: Bus, projector: AttemptProjector, context: Context): Promise<void> => {
  const { config, health, resources, clock } = context;
  const part = health.register('attempts');
  const runner = await bus.runPartitions({
    group: config.group,
    topics: [topics.attempts],
    decode: decodeAttempt,
    onBatch: ({ items }) => projector.add(items),
    maxPendingPerPartition: config.maxPendingPerPartition,
    ...fetchSettings,
  });
  resources.add('attempts', () => runner.close());
  const problem = () => problemOf(runner.state());
  resources.add('watches', watchWorkers([{ part, problem }], clock));
};

/** Starts the service; it connects and works in the background, and /ready reports its progress. */
export const startHistory = async (
  context: Context,
  backends: Backends = { openBus, openStores },
): Promise<{ url: string }> => {
  const { config, metrics, logger, resources, clock } = context;
  const stores = backends.openStores(context);
  const bus = await backends.openBus(context);
  const projector = createProjector(stores, context);
  resources.add('projection', () => projector.close());
  startInBackground(context, () => work(bus, projector, context));
  const deadLetterRoutes = await openDeadLetters(context, bus, stores);
  const stopSweeping = purgeExpired({
    name: 'deliveries',
    store: stores.deliveries,
    retentionMs: config.retentionMs,
    intervalMs: config.sweepIntervalMs,
    clock,
    logger,
    onPurged: (count) => metrics.handles.purged.inc({}, count),
  });
  resources.add('sweep', stopSweeping);
  const stopSweepingKeys = purgeExpired({
    name: 'idempotency-keys',
    store: { purge: async (nowMs, limit) => stores.keys.sweepExpired(nowMs, limit) },
    retentionMs: 0,
    intervalMs: config.sweepIntervalMs,
    clock,
    logger,
    onPurged: () => {},
  });
  resources.add('idempotency key sweep', stopSweepingKeys);
  const producer = await openProducer(context, bus);
  const { authenticate } = await openAccess(context, { bus, producer });
  const routes = [...deliveryRoutes({ store: stores.deliveries }), ...deadLetterRoutes];
  const idempotency = {
    // No response of this service contains a secret.
    ...{ store: stores.keys, ring: null, clock, logger },
    onReplay: () => metrics.handles.answersReplayed.inc({}),
  };
  const { requestsPerSecond } = config;
  const server = await serve(context, {
    routes: (app) => mountRoutes(app, routes, { authenticate, requestsPerSecond, idempotency }),
  });
  return { url: server.url };
};
