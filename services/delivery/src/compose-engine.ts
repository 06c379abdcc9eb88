import type { SubscriptionRecord } from '@tidings/contracts';
import type { Bus, Producer, Table } from '@tidings/kafka';
import type { Logger, Metrics } from '@tidings/observability';
import { type Clock, type KeyRing, messageOf } from '@tidings/runtime';
import { createKafkaJournal } from './adapters/kafka-journal.ts';
import { createOrderingChangelog } from './adapters/ordering-changelog.ts';
import { createSigningKeys } from './adapters/signing-keys.ts';
import { createSubscriptionDirectory } from './adapters/subscription-directory.ts';
import { createAttemptDelivery, operatorRung } from './attempt/attempt-delivery.ts';
import { createRecordResolution } from './attempt/record-resolution.ts';
import { createCountResolution, createReportAttempt } from './attempt/report-attempt.ts';
import { finishedAttemptsBounds, hardCapFactor, maxDelayed, maxUnrecorded } from './config.ts';
import { DeferralController } from './deferral/deferral-controller.ts';
import { EndpointStates } from './deferral/domain/endpoint-state.ts';
import { FinishedAttempts } from './domain/finished-attempts.ts';
import { InFlightJobs, type Job } from './domain/in-flight.ts';
import { defaultNotRetried } from './domain/next-step.ts';
import { resolutionOfDeferral, resolutionOfFinished } from './domain/resolution.ts';
import { rungOfAtLeast } from './domain/retry-ladder.ts';
import { createDeliveryHandler } from './intake/handle-delivery-requested.ts';
import type { metricsCatalogue } from './metrics.ts';
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
  handles: Metrics<typeof metricsCatalogue>['handles'];
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

export const composeEngine = (options: EngineOptions): Engine => {
  const { bus, table, producer, send, ring, concurrency, handles, clock, logger } = options;
  const inFlight = new InFlightJobs();
  const directory = createSubscriptionDirectory(table, (id) =>
    ordering.orderedDelivery.subscriptionChanged(id),
  );
  const signingKeys = createSigningKeys({ ring, logger });
  const finishedAttempts = new FinishedAttempts(finishedAttemptsBounds, clock.monotonicMs());
  const endpointStates = new EndpointStates();
  const countResolution = createCountResolution(handles);
  const record = createRecordResolution({
    journal: createKafkaJournal({ producer, clock, lingerMs: options.lingerMs }),
    inFlight,
    finishedAttempts,
    onRecorded: (job, resolution, persistedOffset) => {
      countResolution(job, resolution);
      ordering.orderedDelivery.recorded(job, resolution, persistedOffset);
    },
    clock,
    logger,
  });
  const onDuplicate = (kind: 'in_flight' | 'finished') => handles.duplicates.inc({ kind });
  const isFinished = (job: Job): boolean => {
    // An entry holds the number of its next attempt: the head of a queue is finished only when its chain is over.
    const isOver =
      job.entry === null
        ? finishedAttempts.has(job.chain, job.command.state.attempt)
        : finishedAttempts.isOver(job.chain);
    if (!isOver) return false;
    onDuplicate('finished');
    void record(job, resolutionOfFinished);
    return true;
  };
  const deferJob = (job: Job, rungMs: number): void => {
    const { state } = job.command;
    const rung = rungOfAtLeast(rungMs);
    const { subscriptionVersion } = state;
    const deferral = { reason: 'held', rung, subscriptionVersion, nowMs: clock.nowMs() } as const;
    void record(job, resolutionOfDeferral(state, deferral));
  };
  const dispatcher: Dispatcher = new Dispatcher({
    caps: { softCap: concurrency, hardCap: concurrency * hardCapFactor },
    maxUnrecorded,
    maxDelayed,
    attempt: createAttemptDelivery({
      directory,
      findSigningKeys: signingKeys.find,
      send,
      record,
      report: createReportAttempt({ handles, logger }),
      isFinished,
      onConcluded: (attempted) => deferralController.concluded(attempted),
      // While the process stops, the command is left to the next one. Otherwise no
      // socket was free, and the command is retried.
      onAborted: (job, detail) => {
        if (!dispatcher.isRunning) return inFlight.drop(job);
        logger.warn({ deliveryId: job.command.state.deliveryId, detail }, 'request.aborted');
        return deferJob(job, 0);
      },
      clock,
      notRetried: defaultNotRetried,
    }),
    onDefect: (job, error) => {
      const { deliveryId, subscriptionId } = job.command.state;
      logger.error({ deliveryId, subscriptionId, detail: messageOf(error), error }, 'delivery.defect');
      deferJob(job, operatorRung.delayMs);
    },
    clock,
  });
  const deferralController = new DeferralController({
    dispatcher,
    endpointStates,
    record,
    onDeferral: (reason) => handles.deferrals.inc({ reason }),
    onBreakerChange: (state) => handles.breakerChanges.inc({ state }),
    clock,
    logger,
  });
  const ordering: Ordering = composeOrdering({
    directory,
    changelog: createOrderingChangelog({ bus, producer, logger }),
    inFlight,
    finishedAttempts,
    record,
    admit: (job, subscription) => {
      deferralController.admit(job, subscription);
      dispatcher.pump();
      deferralController.watch();
    },
    hasNeighbours: (partition, subscriptionId) => deferralController.hasNeighbours(partition, subscriptionId),
    onPersisted: () => handles.persisted.inc({}),
    onDuplicate,
    maxBacklog: options.maxOrderedBacklog,
    maxBodyBytes: options.maxCachedBodyBytes,
    clock,
    logger,
  });
  return {
    handler: createDeliveryHandler({
      directory,
      dispatcher,
      deferralController,
      orderedDelivery: ordering.orderedDelivery,
      onDropped: ordering.dropPartition,
      record,
      inFlight,
      finishedAttempts,
      clock,
      onDuplicate,
    }),
    dispatcher,
    deferralController,
    ordering,
    inFlight,
    finishedAttempts,
    endpointStates,
    onGone: (id, version) => directory.markGone(id, version),
    onSubscriptionChanged: (id, subscription) => {
      if (subscription === undefined) signingKeys.forget(id);
      else deferralController.renew(subscription);
      ordering.orderedDelivery.subscriptionChanged(id);
    },
  };
};
