import { topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, openProducer, problemOf, type Table, watchWorkers } from '@tidings/kafka';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import { BatchProjector } from '../batch-projector.ts';
import type { configSpec } from '../config.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { purgeExpired } from '../purge-expired.ts';
import { deadLetterRoutes } from './adapters/dead-letter-routes.ts';
import { jobRoutes } from './adapters/job-routes.ts';
import {
  createDeadLetterJournal,
  decodeDeadLetterRecord,
  openKnownSubscriptions,
  readEndsOf,
} from './adapters/kafka-dead-letters.ts';
import { DeadLetterJobRunner } from './dead-letter-job-runner.ts';
import type { DeadLetter } from './domain/dead-letter.ts';
import { type DeadLetterEvent, handleDeadLetterRecorded } from './handle-dead-letter-recorded.ts';
import type { DeadLetterJournal, DeadLetterStore, JobStore, KnownSubscription, ReadEnds } from './ports.ts';
import { RedriveOnEnable } from './redrive-on-enable.ts';
import { countBatch, countStored, createDepthGauges } from './report-metrics.ts';
import { watchDepth } from './watch-depth.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The stores of dead letters and of their deliveries. */
export type DeadLetterStores = Readonly<{
  deadLetters: DeadLetterStore;
  jobs: JobStore;
  deliveries: Pick<DeliveryStore, 'read'>;
}>;

// People read dead letters, and jobs wait for records in progress.
const fetchSettings = { fetchIntervalMs: 250 } as const;
// A job that is removed while dead letters that it skipped still exist would be created again on enable.
const jobRetentions = 2;

const purgePeriodically = (context: Context, { deadLetters, jobs }: DeadLetterStores): void => {
  const { config, logger, clock, resources } = context;
  const { sweepIntervalMs: intervalMs, deadLetterRetentionMs: retentionMs } = config;
  const shared = { intervalMs, clock, logger, onPurged: () => {} };
  const stopDeadLetters = purgeExpired({ ...shared, name: 'dead-letters', store: deadLetters, retentionMs });
  const stopJobs = purgeExpired({
    ...shared,
    name: 'dead-letter-jobs',
    store: jobs,
    retentionMs: jobRetentions * retentionMs,
  });
  resources.add('dead letter purges', () => {
    stopDeadLetters();
    stopJobs();
  });
};

/** Dependencies of the jobs and of the routes. */
type Parts = DeadLetterStores &
  Readonly<{
    journal: DeadLetterJournal;
    subscriptions: Table<KnownSubscription>;
    readEnds: ReadEnds;
  }>;

/** Creates the runner of the jobs, and the redrive when a subscription is enabled. */
const openJobs = (context: Context, parts: Parts) => {
  const { config, logger, metrics, health, resources, clock } = context;
  const part = health.register('dead-letter-jobs');
  const runner = new DeadLetterJobRunner({
    ...{ ...parts, clock, logger },
    onBatchDone: (job, counts) => countBatch(context, job, counts),
    onRound: (fault) => (fault === null ? part.up() : part.down(fault)),
  });
  const redriveOnEnable = new RedriveOnEnable({
    ...{ ...parts, clock, logger },
    ratePerSecond: config.redriveRate,
    wake: () => runner.wake(),
  });
  resources.add('dead letter jobs', async () => runner.close());
  resources.add('enabling', async () => redriveOnEnable.close());
  metrics.handles.deadLetterJobs.collect((gauge) => gauge.set({}, runner.running));
  return { runner, redriveOnEnable };
};

type Jobs = ReturnType<typeof openJobs>;
type Projector = BatchProjector<DeadLetterEvent, readonly DeadLetter[]>;

const openProjector = (context: Context, parts: Parts, { redriveOnEnable }: Jobs): Projector => {
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

type Consumer = Readonly<{ bus: Bus; group: string; parts: Parts; jobs: Jobs }>;

/** Consumes the dead letters once the table of subscriptions is complete, and then starts the jobs. */
const consumeDeadLetters = (context: Context, { bus, group, parts, jobs }: Consumer): void => {
  const { config, health, resources, clock } = context;
  const part = health.register('dead-letters');
  const projector = openProjector(context, parts, jobs);
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
    jobs.redriveOnEnable.onReady();
    jobs.runner.wake();
  });
};

/**
 * Starts the dead-letter part of the service: projects dead letters into the store, runs jobs, and redrives waiting
 * dead letters when a subscription is enabled. Returns the routes; work that requires the brokers continues in the
 * background.
 */
export const openDeadLetters = async (
  context: Context,
  bus: Bus,
  stores: DeadLetterStores,
): Promise<readonly Route[]> => {
  const { config, logger, resources, clock } = context;
  const group = `${config.group}-dead-letters`;
  const parts: Parts = {
    ...stores,
    readEnds: readEndsOf(bus, group),
    journal: createDeadLetterJournal(await openProducer(context, bus)),
    subscriptions: await openKnownSubscriptions(bus, (id) => jobs.redriveOnEnable.onChange(id)),
  };
  resources.add('subscriptions table', async () => parts.subscriptions.close());
  const jobs: Jobs = openJobs(context, parts);
  consumeDeadLetters(context, { bus, group, parts, jobs });
  resources.add(
    'dead letter depth',
    watchDepth({ ...stores, clock, logger, onCounted: createDepthGauges(context) }),
  );
  purgePeriodically(context, stores);
  const routeParts = {
    ...{ ...parts, clock },
    wake: () => jobs.runner.wake(),
    ratePerSecond: config.redriveRate,
    maxRatePerSecond: config.maxRedriveRate,
  };
  return [...deadLetterRoutes(routeParts), ...jobRoutes(routeParts)];
};
