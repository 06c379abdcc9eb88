import { type AttemptRecorded, topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import type { Bus, WorkItem } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import { BatchProjector, type WaitingRecord } from '../batch-projector.ts';
import type { configSpec } from '../config.ts';
import type { StoredEvent } from '../events/domain/event.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { purgeByRetention, purgeExpired } from '../purge-expired.ts';
import type { Retention } from '../retention.ts';
import { createAttemptLog } from './adapters/kafka-attempt-log.ts';
import { statisticsRoutes } from './adapters/statistics-routes.ts';
import { type AppliedFacts, FactsToBuckets } from './apply-facts.ts';
import { bucketRules } from './domain/bucket.ts';
import { type Fact, factOfAttempt, factOfEvent } from './domain/fact.ts';
import { KnownAttempts } from './known-attempts.ts';
import type { StatisticsStore } from './ports.ts';

/** The dependencies of the statistics. */
export type StatisticsParts = Readonly<{
  statistics: StatisticsStore;
  retention: Retention;
  bus: Pick<Bus, 'readRange'>;
}>;

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The statistics: takes what the other parts of the service have read, and answers the queries. */
export type OpenStatistics = Readonly<{
  routes: readonly Route[];
  /** Counts attempt events, and completes each once it is counted. Call it in the order of each partition. */
  countAttempts(items: readonly WorkItem<AttemptRecorded>[]): void;
  /** Counts accepted events in the same way. */
  countEvents(items: readonly WaitingRecord<StoredEvent>[]): void;
  /** Notes that a partition of the attempts topic was assigned: another process may have counted it before. */
  onAssigned(partition: number): void;
  /** Writes what waits, and from now on at once. Call it before the partitions are closed, which wait for it. */
  hurry(): void;
}>;

// A write costs MongoDB about the same for one attempt as for a thousand: they change the same documents.
const shortestMs = 2_000;
const longestMs = 15_000;
// Where thousands of endpoints are in use, the documents are large, and few new records change most of them: 120,000 cells, those of
// 10,000 endpoints, take it a second.
const cellsPerMs = 10;
const batchRecords = 50_000;

/** Returns the time between two writes to documents that have so many cells. */
const intervalFor = (cells: number): number =>
  Math.min(longestMs, shortestMs + Math.floor(cells / cellsPerMs));

const createProjector = (
  context: Context,
  { statistics: store }: Pick<StatisticsParts, 'statistics'>,
  attempts: KnownAttempts,
): BatchProjector<Fact, AppliedFacts> => {
  const { config, metrics, logger, clock, health } = context;
  const { statisticsDocuments, statisticsSeconds } = metrics.handles;
  const part = health.register('statistics');
  part.up();
  const buckets = new FactsToBuckets(store, attempts);
  return new BatchProjector({
    name: 'statistics',
    project: async (facts) => buckets.add(facts, clock.nowMs()),
    batchRecords,
    fullOfOne: {
      sourceOf: ({ partition, attempt }) => 2 * partition + Number(attempt === null),
      records: config.maxPendingPerPartition / 2,
    },
    intervalMs: () => intervalFor(buckets.cells),
    clock,
    logger,
    onWritten: ({ tookMs, projected: { written, conflicts } }) => {
      statisticsSeconds.observe({ outcome: 'ok' }, tookMs / 1_000);
      if (written > 0) statisticsDocuments.inc({ outcome: 'written' }, written);
      if (conflicts > 0) statisticsDocuments.inc({ outcome: 'conflict' }, conflicts);
      part.up();
    },
    onFailed: (reason, tookMs) => {
      statisticsSeconds.observe({ outcome: 'failed' }, tookMs / 1_000);
      part.down(reason);
    },
  });
};

/** Each granularity has a retention of its own; a workspace with a shorter one loses its older buckets with the rest. */
const purgePeriodically = (context: Context, store: StatisticsStore, retention: Retention): void => {
  const { config, logger, resources, clock } = context;
  const task = { intervalMs: config.sweepIntervalMs, clock, logger };
  const ofAge = { purge: async (nowMs: number, limit: number) => store.purge(nowMs, limit) };
  const stopByAge = purgeExpired({ ...task, name: 'statistics', store: ofAge, retentionMs: 0 });
  resources.add('statistics purge', stopByAge);
  const stopByWorkspace = purgeByRetention({
    ...task,
    name: 'statistics-of-workspaces',
    store: {
      workspaces: async () => retention.workspaces(),
      purge: async (id, beforeMs, limit) => (id === null ? 0 : store.purgeOf(id, beforeMs, limit)),
    },
    retention,
    retentionMs: bucketRules.day.keptMs,
  });
  resources.add('statistics purge by workspace', stopByWorkspace);
};

/**
 * Starts the statistics. They have no consumer of their own: a record that another part has processed is counted, and
 * its offset is done once both are stored.
 */
export const openStatistics = (context: Context, parts: StatisticsParts): OpenStatistics => {
  const { resources, clock } = context;
  const { statistics: store, retention, bus } = parts;
  const attempts = new KnownAttempts(createAttemptLog(bus, 'history-statistics'));
  const projector = createProjector(context, parts, attempts);
  resources.add('statistics', () => projector.close());
  purgePeriodically(context, store, retention);
  return {
    routes: statisticsRoutes({ store, clock }),
    onAssigned: (partition) => attempts.forget(partition),
    hurry: () => projector.hurry(),
    // Facts wait for seconds: without the records, which would fill the memory of objects that live long.
    countAttempts: (items) => {
      const facts: WaitingRecord<Fact>[] = [];
      for (const { message: attempt, record, completion } of items) {
        const message = factOfAttempt(attempt, record);
        if (message === null) completion.done();
        else facts.push({ record: { timestampMs: record.timestampMs }, message, completion });
      }
      projector.add(facts);
    },
    countEvents: (items) => {
      const { name: topic } = topics.events;
      projector.add(
        items.map(({ message: event, record, completion }) => ({
          ...{ record, completion },
          message: factOfEvent(event, { topic, ...event.position }),
        })),
      );
    },
  };
};
