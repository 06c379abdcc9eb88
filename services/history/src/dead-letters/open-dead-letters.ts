import { topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, openProducer, problemOf, type Table, watchWorkers } from '@tidings/kafka';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import { BatchProjector } from '../batch-projector.ts';
import type { configSpec } from '../config.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import type { RunKind } from '../jobs/job-kind.ts';
import type { Jobs } from '../jobs/open-jobs.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { reportLag } from '../projection-lag.ts';
import { purgeByRetention } from '../purge-expired.ts';
import type { Retention } from '../retention.ts';
import { bulkRoutes } from './adapters/bulk-routes.ts';
import { deadLetterRoutes } from './adapters/dead-letter-routes.ts';
import { requestView } from './adapters/dead-letter-view.ts';
import {
  createDeadLetterJournal,
  decodeDeadLetterRecord,
  openKnownSubscriptions,
  readEndsOf,
} from './adapters/kafka-dead-letters.ts';
import { deadLetterKinds } from './dead-letter-kinds.ts';
import type { DeadLetter } from './domain/dead-letter.ts';
import { type DeadLetterEvent, handleDeadLetterRecorded } from './handle-dead-letter-recorded.ts';
import type { DeadLetterJournal, DeadLetterStore, KnownSubscription, ReadEnds } from './ports.ts';
import { RedriveOnEnable } from './redrive-on-enable.ts';
import { countStored, createDepthGauges } from './report-metrics.ts';
import { watchDepth } from './watch-depth.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The stores of dead letters and of their deliveries. */
export type DeadLetterStores = Readonly<{
  deadLetters: DeadLetterStore;
  deliveries: Pick<DeliveryStore, 'read'>;
}>;

// People read dead letters, and jobs wait for records in progress.
const fetchSettings = { fetchIntervalMs: 250 } as const;
const purgePeriodically = (context: Context, store: DeadLetterStore, retention: Retention): void => {
  const { config, logger, clock, resources } = context;
  const { sweepIntervalMs: intervalMs, deadLetterRetentionMs: retentionMs } = config;
  const options = { intervalMs, retention, retentionMs, clock, logger };
  resources.add('dead letter purges', purgeByRetention({ ...options, name: 'dead-letters', store }));
};

/** Dependencies of the jobs and of the routes. */
type Parts = DeadLetterStores &
  Jobs &
  Readonly<{
    journal: DeadLetterJournal;
    subscriptions: Table<KnownSubscription>;
    readEnds: ReadEnds;
  }>;

/** Registers the kinds of jobs over dead letters. They run once `onReady` of the result was called. */
const registerKinds = (parts: Parts): Readonly<{ onReady: () => void }> => {
  let isReady = false;
  for (const kind of deadLetterKinds({ ...parts, isReady: () => isReady, requestView })) {
    parts.kinds.register(kind as RunKind);
  }
  const onReady = (): void => {
    isReady = true;
    parts.wake();
  };
  return { onReady };
};

const openRedriveOnEnable = (context: Context, parts: Parts): RedriveOnEnable => {
  const { config, logger, resources } = context;
  const redriveOnEnable = new RedriveOnEnable({ ...parts, logger, ratePerSecond: config.redriveRate });
  resources.add('enabling', async () => redriveOnEnable.close());
  return redriveOnEnable;
};

type Projector = BatchProjector<DeadLetterEvent, readonly DeadLetter[]>;

const openProjector = (context: Context, parts: Parts, redriveOnEnable: RedriveOnEnable): Projector => {
  const { config, logger, resources, clock } = context;
  const ownerOf = (id: string) => parts.subscriptions.get(id)?.workspaceId;
  const projector: Projector = new BatchProjector({
    name: 'dead-letters',
    project: async (events) => {
      const fresh = await handleDeadLetterRecorded({ ...parts, ownerOf }, events);
      await redriveOnEnable.onStored(fresh);
      return fresh;
    },
    batchRecords: config.batchRecords,
    intervalMs: config.batchIntervalMs,
    clock,
    logger,
    onWritten: ({ projected }) => countStored(context, projected),
    onFailed: () => {},
  });
  resources.add('dead letter projection', () => projector.close());
  return projector;
};

type Consumer = Readonly<{
  bus: Bus;
  group: string;
  parts: Parts;
  redriveOnEnable: RedriveOnEnable;
  onReady: () => void;
}>;

/** Consumes the dead letters once the table of subscriptions is complete, and then lets the jobs run. */
const consumeDeadLetters = (context: Context, consumer: Consumer): void => {
  const { config, health, resources, clock } = context;
  const { bus, group, parts, redriveOnEnable, onReady } = consumer;
  const part = health.register('dead-letters');
  const projector = openProjector(context, parts, redriveOnEnable);
  reportLag(context, { projection: 'dead-letters', part, projector });
  startInBackground({ ...context, name: 'dead-letters', part }, async () => {
    await parts.subscriptions.ready();
    const reader = await bus.runPartitions({
      group,
      topics: [topics.deadLetters],
      decode: decodeDeadLetterRecord,
      onBatch: ({ items }) => projector.add(items),
      maxPendingPerPartition: config.maxPendingPerPartition,
      ...fetchSettings,
    });
    resources.add('dead letters', async () => reader.close());
    const problem = () => problemOf(reader.state());
    resources.add('dead letter watches', watchWorkers([{ part, problem }], clock));
    redriveOnEnable.onReady();
    onReady();
  });
};

/**
 * Starts the dead-letter part of the service: projects dead letters into the store, registers the kinds of jobs over
 * them, and redrives waiting dead letters when a subscription is enabled. Returns the routes, and what retries use; work
 * that requires the brokers continues in the background.
 */
export const openDeadLetters = async (
  context: Context,
  bus: Bus,
  { stores, jobs, retention }: Readonly<{ stores: DeadLetterStores; jobs: Jobs; retention: Retention }>,
): Promise<Readonly<{ routes: readonly Route[] }> & Pick<Parts, 'journal' | 'subscriptions'>> => {
  const { config, logger, resources, clock } = context;
  const group = `${config.group}-dead-letters`;
  const parts: Parts = {
    ...{ ...stores, ...jobs },
    readEnds: readEndsOf(bus, group),
    journal: createDeadLetterJournal(await openProducer(context, bus)),
    subscriptions: await openKnownSubscriptions(bus, (id) => redriveOnEnable.onChange(id)),
  };
  resources.add('subscriptions table', async () => parts.subscriptions.close());
  const redriveOnEnable: RedriveOnEnable = openRedriveOnEnable(context, parts);
  consumeDeadLetters(context, { bus, group, parts, redriveOnEnable, ...registerKinds(parts) });
  resources.add(
    'dead letter depth',
    watchDepth({ ...stores, clock, logger, onCounted: createDepthGauges(context) }),
  );
  purgePeriodically(context, stores.deadLetters, retention);
  const routeParts = {
    ...parts,
    ratePerSecond: config.redriveRate,
    maxRatePerSecond: config.maxRedriveRate,
  };
  const routes = [...deadLetterRoutes(routeParts), ...bulkRoutes(routeParts)];
  const { journal, subscriptions } = parts;
  return { routes, journal, subscriptions };
};
