import { compileFilter } from '@tidings/filters';
import { serve } from '@tidings/http';
import {
  type Bus,
  maxRecordBytes,
  openBus,
  openErasures,
  openProducer,
  type Producer,
  problemOf,
  type WatchedPart,
  watchWorkers,
} from '@tidings/kafka';
import { openStorage } from '@tidings/object-storage';
import {
  childTraceparent,
  type Logger,
  type ServiceContext,
  startInBackground,
} from '@tidings/observability';
import { AppError, messageOf } from '@tidings/runtime';
import { EventConsumer } from './adapters/event-consumer.ts';
import { createEventLog } from './adapters/event-log.ts';
import { openMatchRules } from './adapters/open-match-rules.ts';
import { assertIdPartitions, createReceivedIds } from './adapters/received-ids.ts';
import { type configSpec, receivedBounds } from './config.ts';
import { type CompileFilter, MatchIndex } from './domain/match-index.ts';
import { handleEventAccepted } from './handle-event-accepted.ts';
import { createLoadData, type LoadData, withData } from './large-data.ts';
import { needsData } from './match-event.ts';
import type { metricsCatalogue } from './metrics.ts';
import { createFanOutRecorder } from './record-fan-out.ts';
import { createWindowRefill } from './refill-dedupe-window.ts';
import { YieldingPace } from './replays/domain/yielding-pace.ts';
import { openReplays, type Replays } from './replays/open-replays.ts';
import { traceFanOut } from './trace-fan-out.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;
type Parts = Readonly<{
  index: MatchIndex;
  producer: Producer;
  replayPace: YieldingPace;
  loadData: LoadData;
}>;

// A command adds the head of the body, state and trace to the data; together they never exceed this.
const maxDataBytes = maxRecordBytes - 8_192;

/** Compiles filters. An invalid filter must not match the events that it was written to exclude. */
const filterCompiler =
  (logger: Logger): CompileFilter =>
  (filters) => {
    try {
      return compileFilter(filters);
    } catch (cause) {
      const message = `the filter cannot be understood: ${messageOf(cause)}`;
      logger.error({ filters, detail: message }, 'filter.not-compiled');
      return () => {
        throw new AppError({ code: 'undecodable', message, cause });
      };
    }
  };

const createConsumer = (
  bus: Bus,
  { index, producer, replayPace, loadData }: Parts,
  context: Context,
): EventConsumer => {
  const { config, metrics, logger, clock } = context;
  const bounds = {
    published: { windowMs: config.dedupeWindowMs, maxRecords: config.dedupeMaxRecords },
    received: receivedBounds,
  };
  const sources = { log: createEventLog(bus), ids: createReceivedIds(bus) };
  const parts = { index, childTraceparent, maxDataBytes };
  const record = createFanOutRecorder({ metrics: metrics.handles, logger });
  return new EventConsumer({
    bus,
    producer,
    clock,
    handle: (event, windows) => handleEventAccepted(parts, event, windows),
    load: async (logged) =>
      withData(logged, needsData(logged.event, index.candidates(logged.event)), loadData),
    refill: createWindowRefill({ ...sources, bounds, metrics: metrics.handles, clock, logger }),
    onFannedOut: (fannedOut) => {
      record(fannedOut);
      traceFanOut(fannedOut);
      replayPace.note(fannedOut.ageMs, clock.monotonicMs());
    },
    maxPendingPerPartition: config.maxPendingPerPartition,
    lingerMs: config.lingerMs,
  });
};

const exposeGauges = (consumer: EventConsumer, index: MatchIndex, { metrics }: Context): void => {
  const { subscriptions, remembered } = metrics.handles;
  subscriptions.collect((gauge) => gauge.set({}, index.size));
  remembered.collect((gauge) => gauge.set({}, consumer.remembered));
};

const startReplays = async (
  bus: Bus,
  { index, producer, replayPace, loadData }: Parts,
  context: Context,
): Promise<Replays> => {
  const { config, metrics, logger, clock, resources } = context;
  const erasures = await openErasures(bus, 'fanout');
  resources.add('erasures', () => erasures.close());
  await erasures.ready();
  return openReplays({
    ...{ bus, producer, index, erasures, loadData, maxDataBytes, clock, logger },
    compileFilter: filterCompiler(logger),
    sharedPace: replayPace,
    dedupeWindowMs: config.dedupeWindowMs,
    metrics: metrics.handles,
  });
};

/** Follows the subscriptions and, once all existing ones are known, the events. */
const work = async (bus: Bus, context: Context): Promise<void> => {
  const { logger, health, resources, clock } = context;
  const parts = {
    subscriptions: health.register('subscriptions'),
    events: health.register('events'),
    replays: health.register('replays'),
  };
  await assertIdPartitions(bus);
  const index = new MatchIndex(filterCompiler(logger));
  const table = await openMatchRules(bus, index);
  resources.add('subscriptions table', () => table.close());
  const replayPace = new YieldingPace(context.config.replayPerSecond);
  const storage = openStorage(context.config);
  resources.add('object storage', async () => storage.close());
  const producer = await openProducer(context, bus);
  const opened = { index, producer, replayPace, loadData: createLoadData(storage) };
  const consumer = createConsumer(bus, opened, context);
  exposeGauges(consumer, index, context);
  // An event matched against an incomplete table is lost for the missing subscriptions.
  await table.ready();
  const runner = await consumer.run();
  resources.add('events', () => runner.close());
  const replays = await startReplays(bus, opened, context);
  resources.add('replays', () => replays.close());
  const watched: readonly WatchedPart[] = [
    {
      part: parts.subscriptions,
      problem: () => (table.isStale() ? 'the brokers are unreachable' : null),
    },
    { part: parts.events, problem: () => problemOf(runner.state()) },
    { part: parts.replays, problem: () => problemOf(replays.runner.state()) },
  ];
  const stopWatching = watchWorkers(watched, clock);
  resources.add('watches', stopWatching);
};

/** Opens all dependencies and starts the work in the background; /ready reports its progress. */
export const startFanout = async (
  context: Context,
  connect: (context: Context) => Promise<Bus> = openBus,
): Promise<{ url: string }> => {
  // Opened first, so that it closes last and responds 'stopping' in the meantime.
  const server = await serve(context, {});
  const bus = await connect(context);
  startInBackground(context, () => work(bus, context));
  return { url: server.url };
};
