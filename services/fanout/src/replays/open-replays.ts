import {
  encodeDelivery,
  encodeJobRecord,
  encodeLiveHoldChanged,
  jobPartition,
  topics,
} from '@tidings/contracts';
import type { Bus, Erasures, PartitionRunner, Producer } from '@tidings/kafka';
import type { Logger, Metrics } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import { eventGroup } from '../adapters/event-consumer.ts';
import type { CompileFilter, MatchIndex } from '../domain/match-index.ts';
import type { LoadData } from '../large-data.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { JobConsumer, replayGroup } from './adapters/job-consumer.ts';
import { createAttemptWatch } from './adapters/kafka-attempt-watch.ts';
import { createDeliveryFacts } from './adapters/kafka-delivery-facts.ts';
import { createReplayLog } from './adapters/kafka-replay-log.ts';
import type { Pace } from './domain/pace.ts';
import { liveHoldOf, type ReplayJob } from './domain/replay-job.ts';
import { readEarlierEvents } from './earlier-events.ts';
import { createMatchReplayed } from './match-replayed.ts';
import type { ReplayOutput } from './ports.ts';
import { ReplayRun } from './replay-run.ts';
import { ReplayRunner, type StartRun } from './replay-runner.ts';

export type ReplayParts = Readonly<{
  bus: Bus;
  producer: Pick<Producer, 'publish' | 'publishAll' | 'whenWritable'>;
  index: MatchIndex;
  erasures: Pick<Erasures, 'covers'>;
  loadData: LoadData;
  compileFilter: CompileFilter;
  maxDataBytes: number;
  /** The time within which fan-out drops a repeat of an event. */
  dedupeWindowMs: number;
  /** The rate of all replays of this process. */
  sharedPace: Pick<Pace, 'delayMs' | 'take'>;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'replayed' | 'replays'>;
  clock: Clock;
  logger: Logger;
}>;

const createOutput = ({ producer, metrics }: ReplayParts): ReplayOutput => ({
  send: async (commands) => {
    await producer.whenWritable();
    await producer.publishAll(
      commands.map((command) => ({ topic: topics.deliveries, ...encodeDelivery(command) })),
    );
    metrics.replayed.inc({}, commands.length);
  },
  hold: async (changed) => {
    await producer.publish({ topic: topics.deliveries, ...encodeLiveHoldChanged(changed) });
  },
  report: async (progress) => {
    const partition = jobPartition(progress.jobId);
    await producer.publish({ topic: topics.jobs, partition, ...encodeJobRecord(progress) });
  },
});

/** Carries out the replays whose partition of the jobs topic this process owns. */
export type Replays = Readonly<{ runner: PartitionRunner; close: () => Promise<void> }>;

/** Starts the group of the replays. The match index and the erasures must be complete. */
export const openReplays = async (parts: ReplayParts): Promise<Replays> => {
  const { bus, index, erasures, loadData, compileFilter, maxDataBytes } = parts;
  const { metrics, clock, logger } = parts;
  const output = createOutput(parts);
  const log = createReplayLog(bus, replayGroup);
  const facts = createDeliveryFacts({ bus, eventGroup, clock });

  const report: ReplayOutput['report'] = async (progress) => {
    await output.report(progress);
    jobs.noted(progress);
  };
  const start: StartRun = async (job, signal) => {
    const { order } = job;
    const filter = order.spec.filter === null ? null : compileFilter(order.spec.filter);
    const earlier = await readEarlierEvents({ log, order, windowMs: parts.dedupeWindowMs, signal });
    const match = createMatchReplayed({
      ...{ index, order, filter, earlier, erasures, loadData, maxDataBytes },
    });
    return new ReplayRun(job, {
      log,
      facts,
      watch: async (isOrdered, chain) => createAttemptWatch(bus, replayGroup, { chain, isOrdered }),
      output: { ...output, report },
      match,
      sharedPace: parts.sharedPace,
      clock,
      signal,
    }).run();
  };
  const jobs: JobConsumer = new JobConsumer({
    bus,
    onOrder: (job) => runs.update(job),
    onLost: (jobId) => void runs.drop(jobId),
    logger,
  });
  const release = async (job: ReplayJob): Promise<void> => {
    const changed = liveHoldOf(job, 'released');
    if (changed !== null) await output.hold(changed);
  };
  const find = (jobId: string): ReplayJob | undefined => jobs.find(jobId);
  const runs = new ReplayRunner({ find, start, report, release, clock, logger });
  metrics.replays.collect((gauge) => gauge.set({}, runs.running));
  const runner = await jobs.run();
  return {
    runner,
    close: async () => {
      await runs.close();
      await runner.close();
    },
  };
};
