import { decodeRun, type RunRecorded, topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, openProducer, problemOf, watchWorkers } from '@tidings/kafka';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import { BatchProjector } from '../batch-projector.ts';
import type { configSpec } from '../config.ts';
import type { RunKind } from '../jobs/job-kind.ts';
import type { Jobs } from '../jobs/open-jobs.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { reportLag } from '../projection-lag.ts';
import { purgeByRetention } from '../purge-expired.ts';
import type { Retention } from '../retention.ts';
import { bulkRunRoutes } from './adapters/bulk-run-routes.ts';
import { commander, teller } from './adapters/kafka-runs.ts';
import { runRoutes } from './adapters/run-routes.ts';
import { bulkRunKinds } from './bulk-kinds.ts';
import type { RunStore } from './ports.ts';
import { type ProjectRunsParts, projectRuns } from './project-runs.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** Dependencies of the part. */
export type RunParts = Readonly<{ runs: RunStore; retention: Retention; jobs: Jobs }>;

const fetchSettings = { fetchIntervalMs: 500 } as const;

/** Consumes the topic. Its states wait, and are not lost, while MongoDB is unavailable. */
const work = async (bus: Bus, parts: ProjectRunsParts, context: Context): Promise<void> => {
  const { config, health, resources, clock, logger } = context;
  const part = health.register('runs');
  const projector = new BatchProjector<RunRecorded, void>({
    name: 'runs',
    project: async (recorded) => projectRuns(parts, recorded),
    batchRecords: config.batchRecords,
    intervalMs: config.batchIntervalMs,
    ...{ clock, logger },
    onWritten: ({ records }) => logger.debug({ records }, 'runs.projected'),
    onFailed: () => {},
  });
  resources.add('runs projection', () => projector.close());
  reportLag(context, { projection: 'runs', part, projector });
  const runner = await bus.runPartitions({
    group: `${config.group}-runs`,
    topics: [topics.runs],
    decode: decodeRun,
    onBatch: ({ items }) => projector.add(items),
    maxPendingPerPartition: config.maxPendingPerPartition,
    ...fetchSettings,
  });
  resources.add('runs', async () => runner.close());
  resources.add('runs watches', watchWorkers([{ part, problem: () => problemOf(runner.state()) }], clock));
};

/**
 * Starts the part that stores runs of worker applications, removes them after their retention, and retries and cancels many
 * of them by jobs. Returns its routes.
 */
export const openRuns = async (
  context: Context,
  bus: Bus,
  { runs, retention, jobs }: RunParts,
): Promise<readonly Route[]> => {
  const { config, logger, resources, clock } = context;
  const producer = await openProducer(context, bus);
  startInBackground({ ...context, name: 'runs' }, async () =>
    work(bus, { runs, tell: teller(producer) }, context),
  );
  const stop = purgeByRetention({
    ...{ name: 'runs', store: runs, retention },
    ...{ retentionMs: config.retentionMs, intervalMs: config.sweepIntervalMs, clock, logger },
  });
  resources.add('runs sweep', stop);
  const command = commander(producer, clock);
  const pingBrokers = async (): Promise<void> => void (await bus.ends([topics.runs]));
  for (const kind of bulkRunKinds({ runs, command, pingBrokers })) jobs.kinds.register(kind as RunKind);
  const { redriveRate: ratePerSecond, maxRedriveRate: maxRatePerSecond } = config;
  return [
    ...bulkRunRoutes({ ...jobs, runs, ratePerSecond, maxRatePerSecond }),
    ...runRoutes({ runs, command }),
  ];
};
