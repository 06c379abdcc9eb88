import type { SubscriptionRecord } from '@tidings/contracts';
import type { Bus, Producer, Table } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import type { Clock, KeyRing } from '@tidings/runtime';
import { OrderingChangelog } from './adapters/ordering-changelog.ts';
import { SigningKeyCache } from './adapters/signing-key-cache.ts';
import { SubscriptionDirectory } from './adapters/subscription-directory.ts';
import { AttemptDelivery, type AttemptDependencies } from './attempt/attempt-delivery.ts';
import { createDeferJob } from './attempt/defer-job.ts';
import { Linger } from './attempt/linger.ts';
import { createRecordResolution } from './attempt/record-resolution.ts';
import { finishedAttemptsBounds, hardCapFactor, maxDelayed, maxUnrecorded } from './config.ts';
import { DeferralController } from './deferral/deferral-controller.ts';
import { EndpointStates } from './deferral/domain/endpoint-states.ts';
import { FinishedAttempts } from './domain/finished-attempts.ts';
import { InFlightJobs } from './domain/in-flight-jobs.ts';
import { defaultNotRetried } from './domain/retry-policy.ts';
import { createDeliveryHandler } from './intake/handle-delivery-requested.ts';
import type { DeliveryMetrics } from './metrics.ts';
import { composeOrdering, type Ordering } from './ordering/compose-ordering.ts';
import type { SendRequest } from './ports.ts';
import { Dispatcher } from './queue/dispatcher.ts';

export type EngineOptions = Readonly<{
  bus: Pick<Bus, 'readRange'>;
  table: Pick<Table<SubscriptionRecord>, 'get'>;
  producer: Producer;
  send: SendRequest;
  ring: KeyRing;
  concurrency: number;
  maxOrderedBacklog: number;
  maxCachedBodyBytes: number;
  lingerMs: number;
  metrics: DeliveryMetrics;
  clock: Clock;
  logger: Logger;
}>;

/** The delivery pipeline, from a command that was read to the record of its resolution. */
export type Engine = Readonly<{
  handler: ReturnType<typeof createDeliveryHandler>;
  dispatcher: Dispatcher;
  deferralController: DeferralController;
  ordering: Ordering;
  inFlight: InFlightJobs;
  finishedAttempts: FinishedAttempts;
  endpointStates: EndpointStates;
  /** Marks an endpoint as gone after a 410 that was found in the log. */
  onGone(subscriptionId: string, version: number): void;
  onSubscriptionChanged(id: string, subscription: SubscriptionRecord | undefined): void;
}>;

/** The state of the engine that only memory holds. */
const createState = (clock: Clock) => ({
  inFlight: new InFlightJobs(),
  finishedAttempts: new FinishedAttempts(finishedAttemptsBounds, clock.monotonicMs()),
  endpointStates: new EndpointStates(),
});

/** Creates the dispatcher and the attempts that it starts. */
const composeDispatcher = (concurrency: number, parts: AttemptDependencies): Dispatcher => {
  const attempts = new AttemptDelivery(parts);
  const caps = { softCap: concurrency, hardCap: concurrency * hardCapFactor };
  return new Dispatcher({ caps, maxUnrecorded, maxDelayed, attempts, clock: parts.clock });
};

export const composeEngine = (options: EngineOptions): Engine => {
  const { bus, table, producer, send, ring, concurrency, metrics, clock, logger } = options;
  const { endpointStates, ...jobs } = createState(clock);
  const signingKeys = new SigningKeyCache({ ring, logger });
  const directory = new SubscriptionDirectory(table, (id) =>
    ordering.orderedDelivery.subscriptionChanged(id),
  );
  const linger = new Linger(clock, options.lingerMs);
  const shared = { ...jobs, directory, metrics, clock, logger };
  const record = createRecordResolution({
    ...shared,
    producer,
    linger,
    onRecorded: (job, resolution, offset) => ordering.orderedDelivery.recorded(job, resolution, offset),
  });
  const deferJob = createDeferJob({ record, clock });
  const dispatcher = composeDispatcher(concurrency, {
    ...shared,
    signingKeys,
    send,
    record,
    deferJob,
    onConcluded: (attempted) => deferralController.concluded(attempted),
    notRetried: defaultNotRetried,
  });
  const deferralController = new DeferralController({ ...shared, dispatcher, endpointStates, deferJob });
  const ordering: Ordering = composeOrdering({
    ...shared,
    changelog: new OrderingChangelog({ bus, producer, logger }),
    record,
    deferJob,
    deferralController,
    maxBacklog: options.maxOrderedBacklog,
    maxBodyBytes: options.maxCachedBodyBytes,
  });
  return {
    handler: createDeliveryHandler({ ...shared, dispatcher, deferralController, ordering, record }),
    dispatcher,
    deferralController,
    ordering,
    ...jobs,
    endpointStates,
    onGone: (id, version) => directory.markGone(id, version),
    onSubscriptionChanged: (id, subscription) => {
      if (subscription === undefined) signingKeys.forget(id);
      else deferralController.renew(subscription);
      ordering.orderedDelivery.subscriptionChanged(id);
    },
  };
};
