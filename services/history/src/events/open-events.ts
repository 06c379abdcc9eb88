import { topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, problemOf, watchWorkers } from '@tidings/kafka';
import type { ObjectStorage } from '@tidings/object-storage';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import { BatchProjector, type WaitingRecord } from '../batch-projector.ts';
import type { configSpec } from '../config.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { reportLag } from '../projection-lag.ts';
import { purgeByRetention } from '../purge-expired.ts';
import type { Retention } from '../retention.ts';
import { webhookEventRoutes } from './adapters/event-routes.ts';
import { decodeStoredEvent } from './adapters/kafka-event-log.ts';
import type { StoredEvent } from './domain/event.ts';
import { collectPeriodically } from './large-data.ts';
import type { EventLog, EventStore } from './ports.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;
type EventProjector = BatchProjector<StoredEvent, number>;

/** The stores of events and of their deliveries. */
export type EventStores = Readonly<{
  events: EventStore;
  deliveries: Pick<DeliveryStore, 'list' | 'countByEvent'>;
}>;

/** An event that waits, without the data of its record. */
type EventItem = WaitingRecord<StoredEvent>;

/**
 * The dependencies of the part. `onStored` receives the events that are stored, partition by partition in order, and
 * completes each once it has done with it; `onClosing` is called before the partitions are closed, which wait for that.
 */
export type EventParts = EventStores &
  Readonly<{
    log: EventLog;
    storage: ObjectStorage;
    retention: Retention;
    onStored(items: readonly EventItem[]): void;
    onClosing(): void;
  }>;

// People look for an event after it was delivered, and each write costs MongoDB the same for one document as for a hundred.
const fetchSettings = { fetchIntervalMs: 500, maxBytesPerPartition: 1024 * 1024 } as const;

const createProjector = (
  { events: store, onStored }: Pick<EventParts, 'events' | 'onStored'>,
  context: Context,
): EventProjector => {
  const { config, metrics, logger, clock, health } = context;
  const { events } = metrics.handles;
  const part = health.register('event-projection');
  part.up();
  const projector: EventProjector = new BatchProjector({
    name: 'events',
    project: async (records) => store.insert(records),
    finish: onStored,
    batchRecords: config.batchRecords,
    intervalMs: config.batchIntervalMs,
    clock,
    logger,
    onWritten: ({ records, projected: inserted, tookMs }) => {
      events.inc({ outcome: 'inserted' }, inserted);
      events.inc({ outcome: 'unchanged' }, records - inserted);
      part.up();
      logger.debug({ records, inserted, tookMs: Math.round(tookMs) }, 'events.projected');
    },
    onFailed: (reason) => part.down(reason),
  });
  reportLag(context, { projection: 'events', part, projector });
  return projector;
};

/** Consumes the events. They wait, and are not lost, while MongoDB is unavailable. */
const work = async (
  bus: Bus,
  { projector, onClosing }: Readonly<{ projector: EventProjector }> & Pick<EventParts, 'onClosing'>,
  context: Context,
): Promise<void> => {
  const { config, metrics, health, resources, clock } = context;
  const part = health.register('events');
  const runner = await bus.runPartitions({
    group: `${config.group}-events`,
    topics: [topics.events],
    decode: decodeStoredEvent,
    onBatch: ({ items }) => {
      const known: EventItem[] = [];
      for (const { message, record, completion } of items) {
        if (message !== null) {
          known.push({ message, record: { timestampMs: record.timestampMs }, completion });
        } else {
          metrics.handles.events.inc({ outcome: 'undecodable' });
          completion.done();
        }
      }
      projector.add(known);
    },
    maxPendingPerPartition: config.maxPendingPerPartition,
    ...fetchSettings,
  });
  resources.add('events', async () => {
    onClosing();
    await runner.close();
  });
  const problem = () => problemOf(runner.state());
  resources.add('event watches', watchWorkers([{ part, problem }], clock));
};

/** Starts the part that stores events, and removes them after their retention. Returns its routes. */
export const openEvents = (context: Context, bus: Bus, parts: EventParts): readonly Route[] => {
  const { config, logger, resources, clock } = context;
  const projector = createProjector(parts, context);
  resources.add('event projection', () => projector.close());
  startInBackground({ ...context, name: 'events' }, () =>
    work(bus, { projector, onClosing: parts.onClosing }, context),
  );
  const stopSweeping = purgeByRetention({
    name: 'events',
    store: parts.events,
    retention: parts.retention,
    retentionMs: config.retentionMs,
    intervalMs: config.sweepIntervalMs,
    clock,
    logger,
  });
  resources.add('event sweep', stopSweeping);
  const { events: store, deliveries, log, storage, retention } = parts;
  const { deadLetterRetentionMs } = config;
  const stopCollecting = collectPeriodically(
    { storage, retention, deadLetterRetentionMs },
    { clock, logger },
  );
  resources.add('collecting of large data', stopCollecting);
  return webhookEventRoutes({ store, deliveries, log, storage, clock });
};
