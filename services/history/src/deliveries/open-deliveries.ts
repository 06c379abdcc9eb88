import { type AttemptRecorded, decodeAttempt, topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, problemOf, type WorkItem, watchWorkers } from '@tidings/kafka';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import { BatchProjector, type Written } from '../batch-projector.ts';
import type { configSpec } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { reportLag } from '../projection-lag.ts';
import { purgeByRetention } from '../purge-expired.ts';
import type { Retention } from '../retention.ts';
import { deliveryRoutes } from './adapters/delivery-routes.ts';
import { openSubscriptionOwners } from './adapters/subscription-owners.ts';
import type { Projected } from './handle-attempt-recorded.ts';
import { type DeliveryStores, projectAttempts } from './project-attempts.ts';
import { traceProjected } from './trace-projected.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/**
 * The dependencies of the part. `onStored` receives the attempts whose deliveries are stored, partition by partition in
 * order, and completes each once it has done with it; `onClosing` is called before the partitions are closed, which
 * wait for that, and `onAssigned` before the first record of a partition.
 */
export type DeliveryParts = DeliveryStores &
  Readonly<{
    retention: Retention;
    onStored(items: readonly WorkItem<AttemptRecorded>[]): void;
    onAssigned(partition: number): void;
    onClosing(): void;
  }>;

// At a few hundred attempts per second, one fetch for each costs more than all other work here. A delay of half a second is
// not noticeable in a delivery, and its batch is written at once. An interval costs nothing at rest, unlike a wait for more bytes.
const fetchSettings = { fetchIntervalMs: 500, maxBytesPerPartition: 1024 * 1024 } as const;

type AttemptProjector = BatchProjector<AttemptRecorded, Projected, WorkItem<AttemptRecorded>>;

const createProjector = (
  { onStored, ...stores }: DeliveryStores & Pick<DeliveryParts, 'onStored'>,
  context: Context,
): AttemptProjector => {
  const { config, metrics, logger, clock, health } = context;
  const { deliveries, batchRecords, writeSeconds, attemptAgeSeconds, waiting } = metrics.handles;
  const part = health.register('projection');
  part.up();
  const onWritten = ({ records, tookMs, oldestMs, projected }: Written<Projected>): void => {
    const ageMs = Math.max(0, clock.nowMs() - oldestMs);
    for (const outcome of ['inserted', 'updated', 'unchanged'] as const) {
      if (projected[outcome] > 0) deliveries.inc({ outcome }, projected[outcome]);
    }
    batchRecords.observe({}, records);
    writeSeconds.observe({ outcome: 'ok' }, tookMs / 1_000);
    attemptAgeSeconds.observe({}, ageMs / 1_000);
    part.up();
    const { recovered, replayed, ...counts } = projected;
    const figures = {
      ...counts,
      recovered: recovered.length,
      replayed: replayed.length,
      tookMs: Math.round(tookMs),
      oldestAgeMs: ageMs,
    };
    logger.info({ records, ...figures }, 'attempts.projected');
  };
  const projector: AttemptProjector = new BatchProjector({
    name: 'attempts',
    project: async (records) => projectAttempts(stores, records),
    finish: (written, tookMs) => {
      traceProjected(written, { group: config.group, tookMs });
      onStored(written);
    },
    batchRecords: config.batchRecords,
    intervalMs: config.batchIntervalMs,
    clock,
    logger,
    onWritten,
    onFailed: (reason, tookMs) => {
      writeSeconds.observe({ outcome: 'failed' }, tookMs / 1_000);
      part.down(reason);
    },
  });
  waiting.collect((gauge) => gauge.set({}, projector.waiting));
  reportLag(context, { projection: 'attempts', part, projector });
  return projector;
};

/** Consumes the attempts. They wait, and are not lost, while MongoDB is unavailable. */
const work = async (
  bus: Bus,
  {
    projector,
    onAssigned,
    onClosing,
  }: Readonly<{ projector: AttemptProjector }> & Pick<DeliveryParts, 'onAssigned' | 'onClosing'>,
  context: Context,
): Promise<void> => {
  const { config, health, resources, clock } = context;
  const part = health.register('attempts');
  const runner = await bus.runPartitions({
    group: config.group,
    topics: [topics.attempts],
    decode: decodeAttempt,
    onAssigned: async ({ partition }) => onAssigned(partition),
    onBatch: ({ items }) => projector.add(items),
    maxPendingPerPartition: config.maxPendingPerPartition,
    ...fetchSettings,
  });
  resources.add('attempts', async () => {
    onClosing();
    await runner.close();
  });
  const problem = () => problemOf(runner.state());
  resources.add('watches', watchWorkers([{ part, problem }], clock));
};

/** Starts the part that stores deliveries, and removes them after their retention. Returns its routes. */
export const openDeliveries = async (
  context: Context,
  bus: Bus,
  parts: DeliveryParts,
): Promise<readonly Route[]> => {
  const { config, metrics, logger, resources, clock } = context;
  const projector = createProjector(parts, context);
  resources.add('projection', () => projector.close());
  startInBackground(context, () => work(bus, { ...parts, projector }, context));
  const stopSweeping = purgeByRetention({
    name: 'deliveries',
    store: parts.deliveries,
    retention: parts.retention,
    retentionMs: config.retentionMs,
    intervalMs: config.sweepIntervalMs,
    clock,
    logger,
    onPurged: (count) => metrics.handles.purged.inc({}, count),
  });
  resources.add('sweep', stopSweeping);
  const owners = await openSubscriptionOwners(bus);
  resources.add('subscription owners', async () => owners.close());
  return deliveryRoutes({ store: parts.deliveries, owners, clock });
};
