import type { Logger } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { OrderingChangelog } from '../adapters/ordering-changelog.ts';
import type { SubscriptionDirectory } from '../adapters/subscription-directory.ts';
import type { DeferJob } from '../attempt/defer-job.ts';
import type { Recorded, RecordResolution } from '../attempt/record-resolution.ts';
import type { DeferralController } from '../deferral/deferral-controller.ts';
import type { ErasedCommands } from '../domain/disposition.ts';
import type { FinishedAttempts } from '../domain/finished-attempts.ts';
import type { InFlightJobs } from '../domain/in-flight-jobs.ts';
import { LiveHolds } from '../domain/live-holds.ts';
import { OrderedQueues } from '../domain/ordered-queues.ts';
import type { SupersededChains } from '../domain/superseded-chains.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import { BodyCache } from './body-cache.ts';
import { LiveHolder } from './live-holder.ts';
import { OrderedDelivery } from './ordered-delivery.ts';
import { QueuePersister } from './queue-persister.ts';
import { QueueReleaser } from './queue-releaser.ts';
import { QueueRestorer } from './queue-restorer.ts';
import { QueueRunner } from './queue-runner.ts';

export type OrderingOptions = Readonly<{
  directory: SubscriptionDirectory;
  erasures: ErasedCommands;
  changelog: OrderingChangelog;
  inFlight: InFlightJobs;
  finishedAttempts: FinishedAttempts;
  superseded: SupersededChains;
  record: RecordResolution;
  recorded: Recorded;
  deferJob: DeferJob;
  deferralController: DeferralController;
  metrics: DeliveryMetrics;
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
  holder: LiveHolder;
  holds: LiveHolds;
  /** Discards the queues of a partition that was reassigned. */
  dropPartition: (partition: number) => void;
}>;

export const composeOrdering = (options: OrderingOptions): Ordering => {
  const { maxBacklog, maxBodyBytes, recorded, ...shared } = options;
  const { changelog, directory } = shared;
  const orderedQueues = new OrderedQueues();
  const bodies = new BodyCache({ changelog, orderedQueues, maxBytes: maxBodyBytes });
  const persister = new QueuePersister({ ...shared, bodies });
  const holds = new LiveHolds();
  const runner = new QueueRunner({ ...shared, orderedQueues, holds, bodies, persister });
  const releaser = new QueueReleaser({ ...shared, orderedQueues, bodies, runner });
  runner.misplaced.add((queue) => releaser.release(queue));
  const holder = new LiveHolder({ ...shared, holds, orderedQueues, runner });
  runner.emptied.add((queue) => holder.emptied(queue));
  const parts = { orderedQueues, bodies, persister, runner, releaser, maxBacklog };
  const orderedDelivery = new OrderedDelivery({ ...shared, ...parts });
  recorded.add((...record) => orderedDelivery.recorded(...record));
  directory.changed.add((id) => orderedDelivery.subscriptionChanged(id));
  directory.gone.add((id) => orderedDelivery.subscriptionChanged(id));
  const restorer = new QueueRestorer({ ...shared, orderedQueues, bodies, runner, holder });
  const dropPartition = (partition: number): void => {
    restorer.dropPartition(partition);
    orderedDelivery.dropPartition(partition);
    holder.dropPartition(partition);
  };
  return { orderedQueues, bodies, orderedDelivery, restorer, holder, holds, dropPartition };
};
