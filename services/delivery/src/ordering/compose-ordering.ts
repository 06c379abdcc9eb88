import { orderingEntryKey } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { RecordResolution } from '../attempt/record-resolution.ts';
import type { FinishedAttempts } from '../domain/finished-attempts.ts';
import type { InFlightJobs } from '../domain/in-flight.ts';
import { OrderedQueues } from '../domain/ordered-queue.ts';
import type { OrderingChangelog, SubscriptionDirectory } from '../ports.ts';
import { BodyCache } from './body-cache.ts';
import { OrderedDelivery } from './ordered-delivery.ts';
import { QueuePersister } from './queue-persister.ts';
import { QueueReleaser } from './queue-releaser.ts';
import { QueueRestorer } from './queue-restorer.ts';
import { type Admit, QueueRunner } from './queue-runner.ts';

export type OrderingOptions = Readonly<{
  directory: SubscriptionDirectory;
  changelog: OrderingChangelog;
  inFlight: InFlightJobs;
  finishedAttempts: FinishedAttempts;
  record: RecordResolution;
  admit: Admit;
  hasNeighbours: (partition: number, subscriptionId: string) => boolean;
  onPersisted: () => void;
  onDuplicate: (kind: 'in_flight') => void;
  maxBacklog: number;
  maxBodyBytes: number;
  clock: Clock;
  logger: Logger;
}>;

/** All components that ordered subscriptions need. */
export type Ordering = Readonly<{
  orderedQueues: OrderedQueues;
  bodies: BodyCache;
  orderedDelivery: OrderedDelivery;
  restorer: QueueRestorer;
  dropPartition: (partition: number) => void;
}>;

export const composeOrdering = (options: OrderingOptions): Ordering => {
  const { directory, changelog, inFlight, finishedAttempts, record, admit, clock, logger } = options;
  const { hasNeighbours, onPersisted, onDuplicate, maxBacklog, maxBodyBytes } = options;
  const orderedQueues = new OrderedQueues();
  const bodies = new BodyCache({
    changelog,
    find: ({ partition, key, value }) => {
      if (value === null) return undefined;
      const { subscriptionId, deliveryId } = value.command.state;
      const entry = orderedQueues.of(partition, subscriptionId)?.entries.get(deliveryId);
      return entry !== undefined && orderingEntryKey(entry.state) === key ? entry : undefined;
    },
    maxBytes: maxBodyBytes,
  });
  const persister = new QueuePersister({ changelog, bodies, hasNeighbours, onPersisted, clock, logger });
  const onMisplaced = (queue: Parameters<QueueReleaser['release']>[0]) => releaser.release(queue);
  const runner = new QueueRunner({
    ...{
      orderedQueues,
      directory,
      bodies,
      persister,
      inFlight,
      finishedAttempts,
      record,
      admit,
      onMisplaced,
      clock,
      logger,
    },
  });
  const onEnqueued = (entry: Parameters<OrderedDelivery['enqueued']>[0]) => orderedDelivery.enqueued(entry);
  const releaser: QueueReleaser = new QueueReleaser({
    ...{ orderedQueues, directory, changelog, bodies, inFlight, record, admit, onEnqueued, clock, logger },
  });
  const orderedDelivery: OrderedDelivery = new OrderedDelivery({
    ...{
      orderedQueues,
      directory,
      changelog,
      bodies,
      persister,
      runner,
      releaser,
      inFlight,
      record,
      onDuplicate,
      maxBacklog,
    },
    clock,
    logger,
  });
  const restorer = new QueueRestorer({ orderedQueues, changelog, bodies, directory, runner, clock });
  const dropPartition = (partition: number): void => {
    restorer.dropPartition(partition);
    orderedDelivery.dropPartition(partition);
  };
  return { orderedQueues, bodies, orderedDelivery, restorer, dropPartition };
};
