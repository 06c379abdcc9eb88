import { openAccess } from '@tidings/access';
import { type IdempotencyStore, mountRoutes, serve } from '@tidings/http';
import { type Bus, openBus, openProducer } from '@tidings/kafka';
import { MongoConnection, MongoIdempotencyStore } from '@tidings/mongodb';
import { openStorage } from '@tidings/object-storage';
import type { ServiceContext } from '@tidings/observability';
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
import { createEventLog } from './events/adapters/kafka-event-log.ts';
import { MongoEventStore } from './events/adapters/mongo-event-store.ts';
import { openEvents } from './events/open-events.ts';
import type { EventStore } from './events/ports.ts';
import { openExports } from './exports/open-exports.ts';
import { MongoJobStore } from './jobs/adapters/mongo-job-store.ts';
import { openJobs } from './jobs/open-jobs.ts';
import type { JobStore } from './jobs/ports.ts';
import type { metricsCatalogue } from './metrics.ts';
import { purgeExpired } from './purge-expired.ts';
import { requireNoRebuild } from './rebuild/adapters/mongo-rebuild-store.ts';
import { openReplays } from './replays/open-replays.ts';
import { createRetention } from './retention.ts';
import { MongoRetryStore } from './retries/adapters/mongo-retry-store.ts';
import { openRetries } from './retries/open-retries.ts';
import type { RetryStore } from './retries/ports.ts';
import { MongoStatisticsStore } from './statistics/adapters/mongo-statistics-store.ts';
import { openStatistics } from './statistics/open-statistics.ts';
import type { StatisticsStore } from './statistics/ports.ts';
import { openStream } from './stream/open-stream.ts';
import { openSystem } from './system/open-system.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The read model. */
export type Stores = Readonly<{
  deliveries: DeliveryStore;
  events: EventStore;
  deadLetters: DeadLetterStore;
  audit: AuditStore;
  jobs: JobStore;
  retries: RetryStore;
  keys: IdempotencyStore;
  statistics: StatisticsStore;
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
  mongo.beforeOpen(async () => requireNoRebuild(config.mongodbUri, config.database));
  const { mongoSeconds } = metrics.handles;
  const deliveries = new MongoDeliveryStore(mongo.connection, mongoSeconds);
  const events = new MongoEventStore(mongo.connection, mongoSeconds);
  const deadLetters = new MongoDeadLetterStore(mongo.connection, mongoSeconds);
  const audit = new MongoAuditStore(mongo.connection, mongoSeconds);
  const jobs = new MongoJobStore(mongo.connection, mongoSeconds);
  const retries = new MongoRetryStore(mongo.connection, mongoSeconds);
  const keys = new MongoIdempotencyStore(mongo.connection);
  const statistics = new MongoStatisticsStore(mongo.connection, mongoSeconds);
  for (const store of [deliveries, events, deadLetters, audit, jobs, retries, keys, statistics])
    mongo.beforeUp(async () => store.createIndexes());
  mongo.beforeUp(async () => takeOverJobs(mongo.connection, jobs));
  resources.add('mongodb', () => mongo.close());
  mongo.open();
  return { deliveries, events, deadLetters, audit, jobs, retries, keys, statistics };
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

/** Opens what the service knows of workspaces: who may read, how long, and of what the data. */
const openWorkspaces = async (context: Context, bus: Bus) => {
  const { config, clock } = context;
  const producer = await openProducer(context, bus);
  const access = await openAccess(context, { bus, producer });
  const retention = createRetention(access, clock);
  const log = createEventLog(
    bus,
    (event) => event.acceptedAtMs < retention.expiredBeforeMs(event.workspaceId, config.retentionMs),
  );
  const { authenticate, isStillValid } = access;
  return { authenticate, isStillValid, retention, log };
};

/** Starts the service; it connects and works in the background, and /ready reports its progress. */
export const startHistory = async (
  context: Context,
  backends: Backends = { openBus, openStores },
): Promise<{ url: string }> => {
  const { config, metrics, logger, resources, clock } = context;
  const storage = openStorage(config);
  const stores = backends.openStores(context);
  const bus = await backends.openBus(context);
  const { authenticate, isStillValid, retention, log } = await openWorkspaces(context, bus);
  const statistics = openStatistics(context, { ...stores, retention });
  const deliveryRoutes = await openDeliveries(context, bus, {
    ...{ ...stores, retention },
    onStored: statistics.countAttempts,
  });
  const eventRoutes = openEvents(context, bus, {
    ...{ ...stores, log, retention },
    onStored: statistics.countEvents,
  });
  const jobs = await openJobs(context, bus, { ...stores, retention });
  const { routes: deadLetterRoutes, ...deadLetterParts } = await openDeadLetters(context, bus, {
    ...{ stores, jobs, retention },
  });
  const retryRoutes = await openRetries(context, bus, { ...stores, ...deadLetterParts, jobs, retention });
  const replayRoutes = await openReplays(context, bus, { ...stores, jobs, retention });
  const exportRoutes = await openExports(context, { bus, stores, log, storage, jobs });
  sweepKeys(context, stores);
  const stream = openStream(context, { bus, isStillValid });
  const routes = [
    ...eventRoutes,
    ...deliveryRoutes,
    ...deadLetterRoutes,
    ...jobs.routes,
    ...statistics.routes,
    ...retryRoutes,
    ...openSystem(context, bus, stores),
    ...stream.routes,
    ...replayRoutes,
    ...exportRoutes,
  ];
  const idempotency = {
    // No response of this service contains a secret.
    ...{ store: stores.keys, ring: null, clock, logger },
    onReplay: () => metrics.handles.answersReplayed.inc({}),
  };
  const { requestsPerSecond } = config;
  const server = await serve(context, {
    routes: (app) => mountRoutes(app, routes, { authenticate, requestsPerSecond, idempotency }),
  });
  // Closed before the server, which would wait for the streams.
  resources.add('streams', stream.close);
  return { url: server.url };
};
