import { openAccess } from '@tidings/access';
import { type IdempotencyStore, mountRoutes, type Route, serve } from '@tidings/http';
import { type Bus, openBus, openErasures, openProducer } from '@tidings/kafka';
import { MongoConnection, MongoIdempotencyStore, mongoTlsOf } from '@tidings/mongodb';
import { openStorage, watchedStorage } from '@tidings/object-storage';
import { measureDisks, measureTls, type ServiceContext } from '@tidings/observability';
import { MongoAuditStore } from './audit/adapters/mongo-audit-store.ts';
import type { AuditStore } from './audit/ports.ts';
import type { configSpec } from './config.ts';
import { MongoDeadLetterStore } from './dead-letters/adapters/mongo-dead-letter-store.ts';
import { takeOverJobs } from './dead-letters/adapters/take-over-jobs.ts';
import { openDeadLetters } from './dead-letters/open-dead-letters.ts';
import type { DeadLetterStore } from './dead-letters/ports.ts';
import { MongoDeliveryStore } from './deliveries/adapters/mongo-delivery-store.ts';
import { openDeliveries } from './deliveries/open-deliveries.ts';
import type { DeliveryStore } from './deliveries/ports.ts';
import { erasingStores } from './erasure/erasing-stores.ts';
import { openErasureJobs } from './erasure/open-erasures.ts';
import type { IsConsumer } from './erasure/ports.ts';
import { createEventLog } from './events/adapters/kafka-event-log.ts';
import { MongoEventStore } from './events/adapters/mongo-event-store.ts';
import { openEvents } from './events/open-events.ts';
import type { EventStore } from './events/ports.ts';
import { openExports } from './exports/open-exports.ts';
import { MongoJobStore } from './jobs/adapters/mongo-job-store.ts';
import { type Jobs, openJobs } from './jobs/open-jobs.ts';
import type { JobStore } from './jobs/ports.ts';
import type { metricsCatalogue } from './metrics.ts';
import { purgeExpired } from './purge-expired.ts';
import { requireNoRebuild } from './rebuild/adapters/mongo-rebuild-store.ts';
import { MongoReceivedStore } from './received/adapters/mongo-received-store.ts';
import { openReceived } from './received/open-received.ts';
import type { ReceivedStore } from './received/ports.ts';
import { openReplays } from './replays/open-replays.ts';
import { createRetention, type Retention } from './retention.ts';
import { MongoRetryStore } from './retries/adapters/mongo-retry-store.ts';
import { openRetries } from './retries/open-retries.ts';
import type { RetryStore } from './retries/ports.ts';
import { MongoRunStore } from './runs/adapters/mongo-run-store.ts';
import { openRuns } from './runs/open-runs.ts';
import type { RunStore } from './runs/ports.ts';
import { MongoStatisticsStore } from './statistics/adapters/mongo-statistics-store.ts';
import { openStatistics } from './statistics/open-statistics.ts';
import type { StatisticsStore } from './statistics/ports.ts';
import { openStream } from './stream/open-stream.ts';
import { openSystem } from './system/open-system.ts';
import { undeliveredRoutes } from './undelivered/adapters/undelivered-routes.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The read model. */
export type Stores = Readonly<{
  deliveries: DeliveryStore;
  events: EventStore;
  deadLetters: DeadLetterStore;
  audit: AuditStore;
  received: ReceivedStore;
  jobs: JobStore;
  retries: RetryStore;
  keys: IdempotencyStore;
  statistics: StatisticsStore;
  runs: RunStore;
}>;

/** Replacements for Kafka and MongoDB in tests. */
export type Backends = Readonly<{
  openBus: (context: Context) => Promise<Bus>;
  openStores: (context: Context) => Stores;
}>;

const openStores = (context: Context): Stores => {
  const { config, logger, metrics, health, clock, resources } = context;
  const tls = mongoTlsOf(config);
  measureTls(context, { peer: 'mongodb', expiry: () => tls.expiry });
  const mongo = new MongoConnection({
    uri: config.mongodbUri,
    tls,
    database: config.database,
    appName: 'tidings-history',
    clock,
    logger,
    health: health.register('mongodb'),
  });
  mongo.beforeOpen(async () => requireNoRebuild(config.mongodbUri, config.database, tls));
  const { mongoSeconds } = metrics.handles;
  const deliveries = new MongoDeliveryStore(mongo.connection, mongoSeconds);
  const events = new MongoEventStore(mongo.connection, mongoSeconds);
  const deadLetters = new MongoDeadLetterStore(mongo.connection, mongoSeconds);
  const audit = new MongoAuditStore(mongo.connection, mongoSeconds);
  const received = new MongoReceivedStore(mongo.connection, mongoSeconds);
  const jobs = new MongoJobStore(mongo.connection, mongoSeconds);
  const retries = new MongoRetryStore(mongo.connection, mongoSeconds);
  const keys = new MongoIdempotencyStore(mongo.connection);
  const statistics = new MongoStatisticsStore(mongo.connection, mongoSeconds);
  const runs = new MongoRunStore(mongo.connection, mongoSeconds);
  const stores = { deliveries, events, deadLetters, audit, received, jobs, retries, keys, statistics, runs };
  for (const store of Object.values(stores)) mongo.beforeUp(async () => store.createIndexes());
  mongo.beforeUp(async () => takeOverJobs(mongo.connection, jobs));
  resources.add('mongodb', () => mongo.close());
  mongo.open();
  return stores;
};

const sweepKeys = ({ config, clock, logger, resources }: Context, { keys }: Stores): void => {
  const stop = purgeExpired({
    name: 'idempotency-keys',
    store: { purge: async (nowMs, limit) => keys.sweepExpired(nowMs, limit) },
    retentionMs: 0,
    intervalMs: config.sweepIntervalMs,
    clock,
    logger,
  });
  resources.add('idempotency key sweep', stop);
};

/** Opens what the service knows of workspaces: who may read, how long, of what the data, where, and what is erased. */
const openWorkspaces = async (context: Context, bus: Bus) => {
  const { config, clock, resources } = context;
  const producer = await openProducer(context, bus);
  const access = await openAccess(context, { bus, producer });
  const retention = createRetention(access, clock);
  const log = createEventLog(
    bus,
    (event) => event.acceptedAtMs < retention.expiredBeforeMs(event.workspaceId, config.retentionMs),
  );
  const erasures = await openErasures(bus, 'history');
  resources.add('erasures', async () => erasures.close());
  const { authenticate, isStillValid, table } = access;
  const isConsumer: IsConsumer = (workspace, id) => table.consumer(workspace, id) !== undefined;
  const storage = openStorage(config);
  await measureDisks(context, watchedStorage(config));
  return { authenticate, isStillValid, isConsumer, retention, log, erasures, storage };
};

type LongWork = Awaited<ReturnType<typeof openWorkspaces>> &
  Omit<Awaited<ReturnType<typeof openDeadLetters>>, 'routes'> &
  Readonly<{ bus: Bus; stored: Stores; stores: Stores; jobs: Jobs }>;

/** Opens what jobs carry out besides redrives and discards. `stored`: the stores as they are. Returns the routes. */
const openLongWork = async (context: Context, parts: LongWork): Promise<readonly Route[]> => {
  const { bus, stored, stores, storage } = parts;
  return [
    ...(await openRetries(context, bus, { ...stores, ...parts })),
    ...(await openReplays(context, bus, { ...stores, ...parts })),
    ...(await openExports(context, { ...parts, storage })),
    ...(await openErasureJobs(context, { ...parts, stores: stored, storage })),
  ];
};

/** Opens the lists that no other part uses. Returns their routes, which precede that of the single delivery. */
const openLists = async (
  context: Context,
  bus: Bus,
  parts: Omit<Stores, 'jobs'> & Readonly<{ retention: Retention; jobs: Jobs }>,
): Promise<readonly Route[]> => [
  ...(await openReceived(context, bus, parts)),
  ...(await openRuns(context, bus, parts)),
  ...undeliveredRoutes(parts, context.clock),
];

/** Starts the service; it connects and works in the background, and /ready reports its progress. */
export const startHistory = async (
  context: Context,
  backends: Backends = { openBus, openStores },
): Promise<{ url: string }> => {
  const { config, metrics, logger, resources, clock } = context;
  const stored = backends.openStores(context);
  const bus = await backends.openBus(context);
  const { erasures, retention, log, storage, ...access } = await openWorkspaces(context, bus);
  const stores = erasingStores(stored, erasures);
  const statistics = openStatistics(context, { ...stores, retention, bus });
  const deliveryRoutes = await openDeliveries(context, bus, {
    ...{ ...stores, retention },
    ...{ onStored: statistics.countAttempts, onAssigned: statistics.onAssigned, onClosing: statistics.hurry },
  });
  const eventRoutes = openEvents(context, bus, {
    ...{ ...stores, log, storage, retention },
    ...{ onStored: statistics.countEvents, onClosing: statistics.hurry },
  });
  const jobs = await openJobs(context, bus, { ...stores, retention });
  const { routes: deadLetterRoutes, ...deadLetterParts } = await openDeadLetters(context, bus, {
    ...{ stores, jobs, retention },
  });
  const jobRoutes = await openLongWork(context, {
    ...{ ...access, ...deadLetterParts, erasures, retention, log, bus, stored, stores, storage, jobs },
  });
  sweepKeys(context, stores);
  const stream = openStream(context, { bus, erasures, isStillValid: access.isStillValid, keys: stores.keys });
  const routes = [
    ...eventRoutes,
    ...(await openLists(context, bus, { ...stores, retention, jobs })),
    ...deliveryRoutes,
    ...deadLetterRoutes,
    ...jobs.routes,
    ...statistics.routes,
    ...jobRoutes,
    ...openSystem(context, bus, stores),
    ...stream.routes,
  ];
  const idempotency = {
    // No response of this service contains a secret.
    ...{ store: stores.keys, ring: null, clock, logger },
    onReplay: () => metrics.handles.answersReplayed.inc({}),
  };
  const { requestsPerSecond } = config;
  const server = await serve(context, {
    routes: (app) =>
      mountRoutes(app, routes, { authenticate: access.authenticate, requestsPerSecond, idempotency }),
  });
  // Closed before the server, which would wait for the streams.
  resources.add('streams', stream.close);
  return { url: server.url };
};
