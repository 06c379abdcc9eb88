import { topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, problemOf, watchWorkers } from '@tidings/kafka';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import { BatchProjector } from '../batch-projector.ts';
import type { configSpec } from '../config.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { reportLag } from '../projection-lag.ts';
import { purgeByRetention } from '../purge-expired.ts';
import type { Retention } from '../retention.ts';
import { webhookEventRoutes } from './adapters/event-routes.ts';
import { decodeStoredEvent } from './adapters/kafka-event-log.ts';
import type { StoredEvent } from './domain/event.ts';
import type { EventLog, EventStore } from './ports.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;
type EventProjector = BatchProjector<StoredEvent, number>;

/** The stores of events and of their deliveries. */
export type EventStores = Readonly<{
  events: EventStore;
  deliveries: Pick<DeliveryStore, 'list' | 'countByEvent'>;
}>;

/** A record of the log; call `done` once it is stored. */
export type EventItem = Readonly<{
  message: StoredEvent;
  record: Readonly<{ timestampMs: number }>;
  done(): void;
}>;

/**
 * The dependencies of the part. `onStored` receives each event that is stored, partition by partition in order, and calls
 * its `done` once it has done with it.
 */
export type EventParts = EventStores &
  Readonly<{ log: EventLog; retention: Retention; onStored(item: EventItem): void }>;

// People look for an event after it was delivered, and each write costs MongoDB the same for one document as for fifty.
const fetchSettings = { fetchIntervalMs: 250 } as const;

const createProjector = (store: EventStore, context: Context): EventProjector => {
  const { config, metrics, logger, clock, health } = context;
  const { events } = metrics.handles;
  const part = health.register('event-projection');
  part.up();
  const projector: EventProjector = new BatchProjector({
    name: 'events',
    project: async (records) => store.insert(records),
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
  { projector, onStored }: Readonly<{ projector: EventProjector }> & Pick<EventParts, 'onStored'>,
  context: Context,
): Promise<void> => {
  const { config, metrics, health, resources, clock } = context;
  const part = health.register('events');
  const runner = await bus.runPartitions({
    group: `${config.group}-events`,
    topics: [topics.events],
    decode: decodeStoredEvent,
    onBatch: ({ items }) => {
      const known = items.flatMap((item) => {
        const { message, record } = item;
        // Without the record: its data need not wait in memory.
        if (message !== null) {
          const { timestampMs } = record;
          const event = { message, record: { timestampMs }, done: () => item.done() };
          return [{ ...event, done: () => onStored(event) }];
        }
        metrics.handles.events.inc({ outcome: 'undecodable' });
        item.done();
        return [];
      });
      projector.add(known);
    },
    maxPendingPerPartition: config.maxPendingPerPartition,
    ...fetchSettings,
  });
  resources.add('events', () => runner.close());
  const problem = () => problemOf(runner.state());
  resources.add('event watches', watchWorkers([{ part, problem }], clock));
};

/** Starts the part that stores events, and removes them after their retention. Returns its routes. */
export const openEvents = (context: Context, bus: Bus, parts: EventParts): readonly Route[] => {
  const { config, logger, resources, clock } = context;
  const projector = createProjector(parts.events, context);
  resources.add('event projection', () => projector.close());
  startInBackground({ ...context, name: 'events' }, () =>
    work(bus, { projector, onStored: parts.onStored }, context),
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
  const { events: store, deliveries, log } = parts;
  return webhookEventRoutes({ store, deliveries, log, clock });
};
