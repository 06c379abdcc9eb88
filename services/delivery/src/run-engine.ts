import { consumerGroups, decodeInstruction, type SubscriptionRecord, topics } from '@tidings/contracts';
import {
  type Bus,
  type Erasures,
  openErasures,
  openProducer,
  type PartitionRunner,
  type Relay,
  type Table,
} from '@tidings/kafka';
import { openStorage } from '@tidings/object-storage';
import type { ServiceContext } from '@tidings/observability';
import { keyRing } from '@tidings/runtime';
import { openSubscriptionDirectory, type SubscriptionDirectory } from './adapters/subscription-directory.ts';
import { LargeBodies } from './attempt/large-bodies.ts';
import { composeEngine, type Engine } from './compose-engine.ts';
import { type configSpec, maxFetchBytes, maxHeldLargeBytes } from './config.ts';
import { startRelay } from './intake/relay-due-retries.ts';
import { createRestoreOnAssign } from './intake/restore-on-assign.ts';
import type { metricsCatalogue } from './metrics.ts';
import type { SendRequest } from './ports.ts';

/** The context that the service starts with. */
export type DeliveryContext = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The consumer group of all instances. */
export const deliveryGroup = consumerGroups.delivery;

export type OpenEngine = Readonly<{
  bus: Bus;
  table: Table<SubscriptionRecord>;
  directory: SubscriptionDirectory;
  erasures: Pick<Erasures, 'ready' | 'isStale'>;
  engine: Engine;
}>;

/** Opens the producer and the tables over any bus, and connects the engine to them. Reads no commands yet. */
export const openEngine = async (
  bus: Bus,
  send: SendRequest,
  context: DeliveryContext,
): Promise<OpenEngine> => {
  const { config, metrics, logger, resources, clock } = context;
  const ring = keyRing(config.sealingKeys);
  const producer = await openProducer(context, bus);
  const { table, directory } = await openSubscriptionDirectory(bus);
  resources.add('subscriptions', () => table.close());
  const erasures = await openErasures(bus, 'delivery');
  resources.add('erasures', () => erasures.close());
  const storage = openStorage(config);
  resources.add('object storage', async () => storage.close());
  const { concurrency, maxOrderedBacklog, maxCachedBodyBytes, lingerMs, recordSuccessBodies } = config;
  const engine = composeEngine({
    bus,
    directory,
    erasures,
    producer,
    send,
    largeBodies: new LargeBodies({ storage, maxHeldBytes: maxHeldLargeBytes, clock, logger }),
    ring,
    concurrency,
    maxOrderedBacklog,
    maxCachedBodyBytes,
    lingerMs,
    recordSuccessBodies,
    metrics: metrics.handles,
    clock,
    logger,
  });
  return { bus, table, directory, erasures, engine };
};

const runDeliveries = async (
  { bus, directory, engine }: OpenEngine,
  { config, clock, logger, metrics }: DeliveryContext,
): Promise<PartitionRunner> =>
  bus.runPartitions({
    group: deliveryGroup,
    topics: [topics.deliveries],
    decode: decodeInstruction,
    onBatch: engine.handler.onBatch,
    onAssigned: createRestoreOnAssign({
      bus,
      group: deliveryGroup,
      finishedAttempts: engine.finishedAttempts,
      superseded: engine.superseded,
      supersededLog: engine.supersededLog,
      restorer: engine.ordering.restorer,
      onRestored: (entries) => metrics.handles.restored.inc({}, entries),
      onGone: (id, version) => directory.markGone(id, version),
      clock,
      logger,
    }),
    onRevoked: ({ partition }) => engine.handler.onRevoked(partition),
    maxBytesPerPartition: maxFetchBytes,
    maxPendingPerPartition: config.maxPendingPerPartition,
    maxPendingBytesPerPartition: config.maxPendingBytesPerPartition,
  });

export type RunningEngine = Readonly<{ runner: PartitionRunner; relay: Relay | null }>;

/**
 * Starts the engine once the tables are complete: until then every subscription would appear unknown, and erased data
 * would be sent. Closing runs
 * in reverse order: accept no commands and finish those in progress, stop the relay, commit, leave the group.
 */
export const startEngine = async (opened: OpenEngine, context: DeliveryContext): Promise<RunningEngine> => {
  const { config, resources, logger } = context;
  const { bus, table, erasures, engine } = opened;
  await Promise.all([table.ready(), erasures.ready()]);
  const runner = await runDeliveries(opened, context);
  resources.add('deliveries', () => runner.close({ drainMs: 0 }));
  const relay = config.relays ? await startRelay(bus, config.lingerMs) : null;
  if (relay !== null) resources.add('relay', () => relay.close());
  resources.add('requests in flight', async () => {
    engine.ordering.orderedDelivery.stop();
    engine.deferralController.stop();
    const isDrained = await engine.dispatcher.drain(config.drainMs);
    if (!isDrained) logger.warn({ drainMs: config.drainMs }, 'drain.incomplete');
  });
  return { runner, relay };
};
