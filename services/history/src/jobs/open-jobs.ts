import type { Route } from '@tidings/http';
import { type Bus, openProducer } from '@tidings/kafka';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import { messageOf, runPeriodically } from '@tidings/runtime';
import type { configSpec } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { type PurgedByWorkspace, purgeByRetention } from '../purge-expired.ts';
import type { Retention } from '../retention.ts';
import { jobRoutes } from './adapters/job-routes.ts';
import { createJobOrders, followProgress } from './adapters/kafka-jobs.ts';
import type { BatchResult, Job, JobKindName } from './domain/job.ts';
import { JobKinds } from './job-kind.ts';
import { JobRunner } from './job-runner.ts';
import type { JobCount, JobOrders, JobStore } from './ports.ts';
import { ProgressProjection } from './project-progress.ts';
import type { StartParts } from './start-job.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The jobs, for the parts of the service that start or run some. */
export type Jobs = StartParts &
  Readonly<{
    jobs: JobStore;
    /** Register every kind before `routes` are mounted. */
    kinds: JobKinds;
    routes: readonly Route[];
  }>;

// A job that is removed while dead letters that it skipped still exist would be created again on enable.
const jobRetentions = 2;
const countEveryMs = 30_000;

/** Removes jobs that ended long ago, and of those that another service carried out also the records of the topic. */
const purgedJobs = (kinds: JobKinds, jobs: JobStore, orders: JobOrders): PurgedByWorkspace => ({
  workspaces: async () => jobs.workspaces(),
  purge: async (workspaceId, endedBeforeMs, limit) => {
    const ended = await jobs.listEnded(workspaceId, endedBeforeMs, limit);
    const ordered = ended.filter(({ kind }) => kinds.get(kind)?.carriedOutBy === 'worker');
    // In this order, a crash leaves a job that the next purge finds again.
    await orders.retire(ordered.map(({ id }) => id));
    await jobs.remove(ended.map(({ id }) => id));
    return ended.length;
  },
});

/** Creates gauges of the open jobs; a series that no longer occurs is set to 0. */
const createOpenGauges = ({ metrics }: Context) => {
  const seen = new Map<string, Pick<JobCount, 'kind' | 'state'>>();
  return (counts: readonly JobCount[]): void => {
    const now = new Map(counts.map(({ kind, state, count }) => [`${kind} ${state}`, count]));
    for (const { kind, state } of counts) seen.set(`${kind} ${state}`, { kind, state });
    for (const [name, labels] of seen) metrics.handles.jobs.set(labels, now.get(name) ?? 0);
  };
};

const watchOpen = (context: Context, jobs: JobStore): void => {
  const { clock, logger, resources } = context;
  const onCounted = createOpenGauges(context);
  const run = async (): Promise<void> => {
    try {
      onCounted(await jobs.countOpen());
    } catch (error) {
      // Other code monitors MongoDB; here only the counts are missing.
      logger.debug({ detail: messageOf(error) }, 'jobs.not-counted');
    }
  };
  resources.add('job counts', runPeriodically({ clock, firstMs: countEveryMs, everyMs: countEveryMs, run }));
};

const countBatch = ({ metrics }: Context, kind: JobKindName, { counts }: BatchResult): void => {
  for (const [outcome, count] of Object.entries(counts)) {
    if (count > 0) metrics.handles.jobItems.inc({ kind, outcome }, count);
  }
};

/**
 * Starts the job part of the service: runs the jobs of the registered kinds, publishes the orders of those that another
 * service carries out, and projects their progress. Runs begin in the background, once the jobs topic has been read.
 */
export const openJobs = async (
  context: Context,
  bus: Bus,
  { jobs, retention }: Readonly<{ jobs: JobStore; retention: Retention }>,
): Promise<Jobs> => {
  const { config, logger, health, resources, clock } = context;
  const part = health.register('jobs');
  const kinds = new JobKinds();
  const orders = createJobOrders(await openProducer(context, bus));
  const runner = new JobRunner({
    ...{ jobs, kinds, orders, clock, logger },
    onBatchDone: (job: Job, result) => countBatch(context, job.kind, result),
    onEnded: ({ kind, state }) => context.metrics.handles.jobsEnded.inc({ kind, state }),
    onRound: (fault) => (fault === null ? part.up() : part.down(fault)),
  });
  resources.add('jobs', async () => runner.close());
  const progress = new ProgressProjection({ jobs, clock, logger });
  const topic = await followProgress(bus, (recorded) => progress.add(recorded));
  resources.add('job progress', async () => {
    await topic.close();
    await progress.close();
  });
  startInBackground({ ...context, name: 'jobs', part }, async () => {
    await topic.ready();
    runner.wake();
  });
  watchOpen(context, jobs);
  const stopPurging = purgeByRetention({
    name: 'jobs',
    store: purgedJobs(kinds, jobs, orders),
    retention: {
      ready: retention.ready,
      lengthMs: (workspace, installationMs) => jobRetentions * retention.lengthMs(workspace, installationMs),
    },
    retentionMs: config.deadLetterRetentionMs,
    intervalMs: config.sweepIntervalMs,
    clock,
    logger,
  });
  resources.add('job purges', stopPurging);
  const parts = { jobs, kinds, clock, wake: () => runner.wake() };
  return { ...parts, routes: jobRoutes(parts) };
};
