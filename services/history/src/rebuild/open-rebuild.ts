import { type Bus, openBus, openErasures } from '@tidings/kafka';
import { MongoConnection, mongoTlsOf } from '@tidings/mongodb';
import type { ServiceContext } from '@tidings/observability';
import { AppError, sleep } from '@tidings/runtime';
import { MongoAuditStore } from '../audit/adapters/mongo-audit-store.ts';
import type { configSpec } from '../config.ts';
import { openKnownSubscriptions } from '../dead-letters/adapters/kafka-dead-letters.ts';
import { MongoDeadLetterStore } from '../dead-letters/adapters/mongo-dead-letter-store.ts';
import { MongoDeliveryStore } from '../deliveries/adapters/mongo-delivery-store.ts';
import { erasingStores } from '../erasure/erasing-stores.ts';
import { MongoEventStore } from '../events/adapters/mongo-event-store.ts';
import { MongoJobStore } from '../jobs/adapters/mongo-job-store.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { MongoReceivedStore } from '../received/adapters/mongo-received-store.ts';
import { MongoRunStore } from '../runs/adapters/mongo-run-store.ts';
import { MongoStatisticsStore } from '../statistics/adapters/mongo-statistics-store.ts';
import { createRebuildLog } from './adapters/kafka-rebuild-log.ts';
import { MongoRebuildStore } from './adapters/mongo-rebuild-store.ts';
import type { RebuildParts } from './rebuild-history.ts';
import { rebuildJobs } from './rebuild-jobs.ts';
import { topicProjections } from './topic-projections.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

const connectMs = 15_000;

const openStores = async ({ config, logger, metrics, health, clock, resources }: Context) => {
  const part = health.register('mongodb');
  const mongo = new MongoConnection({
    ...{
      uri: config.mongodbUri,
      tls: mongoTlsOf(config),
      database: config.database,
      appName: 'tidings-history-rebuild',
    },
    ...{ clock, logger, health: part },
  });
  const args = [mongo.connection, metrics.handles.mongoSeconds] as const;
  const stores = {
    deliveries: new MongoDeliveryStore(...args),
    events: new MongoEventStore(...args),
    deadLetters: new MongoDeadLetterStore(...args),
    audit: new MongoAuditStore(...args),
    received: new MongoReceivedStore(...args),
    runs: new MongoRunStore(...args),
    statistics: new MongoStatisticsStore(...args),
    jobs: new MongoJobStore(...args),
  };
  for (const store of Object.values(stores)) mongo.beforeUp(async () => store.createIndexes());
  resources.add('mongodb', async () => mongo.close());
  const isUp = new Promise<true>((resolve) => mongo.onUp(() => resolve(true)));
  mongo.open();
  if (await Promise.race([isUp, sleep(clock, connectMs)]))
    return { stores, state: new MongoRebuildStore(...args) };
  const message = `MongoDB at MONGODB_URI did not answer within ${connectMs / 1_000} s.`;
  throw new AppError({ code: 'unavailable', message });
};

/** Opens what a rebuild needs, on the settings of the service. */
export const openRebuild = async (context: Context, bus?: Bus): Promise<RebuildParts> => {
  const { config, clock, resources } = context;
  const { stores, state } = await openStores(context);
  const opened = bus ?? (await openBus(context));
  const subscriptions = await openKnownSubscriptions(opened, () => {});
  resources.add('subscriptions table', async () => subscriptions.close());
  const erasures = await openErasures(opened, 'history-rebuild');
  resources.add('erasures', async () => erasures.close());
  await Promise.all([subscriptions.ready(), erasures.ready()]);
  const ownerOf = (id: string) => subscriptions.get(id)?.workspaceId;
  return {
    store: state,
    log: createRebuildLog(opened, config.group),
    projections: topicProjections({ bus: opened, stores: erasingStores(stores, erasures), ownerOf, clock }),
    rebuildJobs: async () => rebuildJobs(opened, stores.jobs),
    clock,
  };
};
