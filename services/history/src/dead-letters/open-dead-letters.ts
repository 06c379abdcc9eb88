import { type DeadLetterReason, topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, openProducer, problemOf, watchWorkers } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import { BatchProjector } from '../batch-projector.ts';
import type { configSpec } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import type { DeliveryStore } from '../ports.ts';
import { purgeExpired } from '../purge-expired.ts';
import { deadLetterRoutes } from './adapters/dead-letter-routes.ts';
import { jobRoutes } from './adapters/job-routes.ts';
import {
  createDeadLetterJournal,
  decodeDeadLetterRecord,
  openSubscriptionTable,
  readEndsOf,
} from './adapters/kafka-dead-letters.ts';
import { DeadLetterJobRunner } from './dead-letter-job-runner.ts';
import type { DeadLetter } from './domain/dead-letter.ts';
import type { DeadLetterJob, JobCounts } from './domain/dead-letter-job.ts';
import { type DeadLetterEvent, handleDeadLetterRecorded } from './handle-dead-letter-recorded.ts';
import type { DeadLetterCount, DeadLetterStore, JobStore } from './ports.ts';
import { RedriveOnEnable } from './redrive-on-enable.ts';
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

const countStored = ({ metrics }: Context, deadLetters: readonly DeadLetter[]): void => {
  for (const { ref, reason } of deadLetters) metrics.handles.deadLetters.inc({ kind: ref.kind, reason });
};

const countBatch = ({ metrics }: Context, { action }: DeadLetterJob, counts: JobCounts): void => {
  const outcomes = {
    [action === 'redrive' ? 'redriven' : 'discarded']: counts.settled,
    delivered: counts.delivered,
    skipped: counts.skipped,
    failed: counts.failed,
  };
  for (const [outcome, count] of Object.entries(outcomes)) {
    if (count > 0) metrics.handles.deadLettersWorkedOff.inc({ outcome }, count);
  }
};

/** Creates gauges of the depth; a series that no longer occurs is set to 0. */
const createDepthGauges = ({ metrics, clock }: Context) => {
  const { deadLettersWaiting, deadLettersOldestSeconds } = metrics.handles;
  const seen = new Map<string, Readonly<{ kind: DeadLetter['ref']['kind']; reason: DeadLetterReason }>>();
  return (counts: readonly DeadLetterCount[]): void => {
    const now = new Map<string, Readonly<{ count: number; oldestAtMs: number }>>();
    for (const { kind, reason, count, oldestAtMs } of counts) {
      const name = `${kind} ${reason}`;
      const known = now.get(name);
      seen.set(name, { kind, reason });
      now.set(name, {
        count: count + (known?.count ?? 0),
        oldestAtMs: Math.min(oldestAtMs, known?.oldestAtMs ?? oldestAtMs),
      });
    }
    for (const [name, labels] of seen) {
      const there = now.get(name);
      const ageMs = there === undefined ? 0 : Math.max(0, clock.nowMs() - there.oldestAtMs);
      deadLettersWaiting.set(labels, there?.count ?? 0);
      deadLettersOldestSeconds.set(labels, ageMs / 1_000);
    }
  };
};

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
  const { config, logger, metrics, health, resources, clock } = context;
  const { deadLetters, jobs, deliveries } = stores;
  const group = `${config.group}-dead-letters`;
  const readEnds = readEndsOf(bus, group);
  const journal = createDeadLetterJournal(await openProducer(context, bus));
  const subscriptions = await openSubscriptionTable(bus, (id) => enabling.onChange(id));
  const readPart = health.register('dead-letters');
  const jobsPart = health.register('dead-letter-jobs');
  const runner: DeadLetterJobRunner = new DeadLetterJobRunner({
    ...{ deadLetters, jobs, deliveries, journal, subscriptions, readEnds, clock, logger },
    onBatchDone: (job, counts) => countBatch(context, job, counts),
    onRound: (fault) => (fault === null ? jobsPart.up() : jobsPart.down(fault)),
  });
  const enabling: RedriveOnEnable = new RedriveOnEnable({
    ...{ jobs, subscriptions, readEnds, clock, logger },
    ratePerSecond: config.redriveRate,
    wake: () => runner.wake(),
  });
  resources.add('subscriptions table', async () => subscriptions.close());
  resources.add('dead letter jobs', async () => runner.close());
  resources.add('enabling', async () => enabling.close());
  metrics.handles.deadLetterJobs.collect((gauge) => gauge.set({}, runner.running));
  const projector = new BatchProjector<DeadLetterEvent, readonly DeadLetter[]>({
    name: 'dead-letters',
    project: async (events) => {
      const ownerOf = (id: string) => subscriptions.get(id)?.workspaceId;
      const fresh = await handleDeadLetterRecorded({ deadLetters, deliveries, ownerOf }, events);
      await enabling.onStored(fresh);
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
  const work = async (): Promise<void> => {
    await subscriptions.ready();
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
    resources.add('dead letter watches', watchWorkers([{ part: readPart, problem }], clock));
    enabling.onReady();
    runner.wake();
  };
  work().catch((error: unknown) => {
    logger.error({ error, detail: messageOf(error) }, 'dead-letters.not-started');
    readPart.down(messageOf(error));
  });
  resources.add(
    'dead letter depth',
    watchDepth({ deadLetters, clock, logger, onCounted: createDepthGauges(context) }),
  );
  purgePeriodically(context, stores);
  const parts = {
    ...{ deadLetters, jobs, subscriptions, readEnds, journal, clock },
    wake: () => runner.wake(),
    ratePerSecond: config.redriveRate,
    maxRatePerSecond: config.maxRedriveRate,
  };
  return [...deadLetterRoutes(parts), ...jobRoutes(parts)];
};
