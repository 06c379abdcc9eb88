import type { SubscriptionRecord } from '@tidings/contracts';
import type { Bus, Producer, Table } from '@tidings/kafka';
import type { Logger, Metrics } from '@tidings/observability';
import { type Clock, type KeyRing, messageOf } from '@tidings/runtime';
import { createKafkaJournal } from './adapters/kafka-journal.ts';
import { createKafkaHolds } from './adapters/ordering-changelog.ts';
import { createSigningKeys } from './adapters/signing-keys.ts';
import { createSubscriptionDirectory } from './adapters/subscription-directory.ts';
import { createAttemptDelivery, operatorRung } from './attempt/attempt-delivery.ts';
import { createRecordVerdict } from './attempt/record-resolution.ts';
import { createCountVerdict, createReportAttempt } from './attempt/report-attempt.ts';
import { hardCapFactor, maxHeld, maxUnrecorded, memoryBounds } from './config.ts';
import { Spiller } from './deferral/deferral-controller.ts';
import { EndpointPressures } from './deferral/domain/endpoint-state.ts';
import { FinishedMemory } from './domain/finished-attempts.ts';
import { ActiveJobs, type Job } from './domain/in-flight.ts';
import { defaultNotRetried } from './domain/next-step.ts';
import { verdictOnDeferral, verdictOnFinished } from './domain/resolution.ts';
import { rungOfAtLeast } from './domain/retry-ladder.ts';
import { createDeliveryHandler } from './intake/handle-delivery-requested.ts';
import type { metricsCatalogue } from './metrics.ts';
import { buildOrder, type Order } from './ordering/compose-ordering.ts';
import type { SendRequest } from './ports.ts';
import { Dispatcher } from './queue/dispatcher.ts';

export type EngineOptions = Readonly<{
  bus: Pick<Bus, 'readTail'>;
  table: Pick<Table<SubscriptionRecord>, 'get'>;
  producer: Producer;
  send: SendRequest;
  ring: KeyRing;
  concurrency: number;
  maxOrderedBacklog: number;
  maxHeldBodyBytes: number;
  gatherMs: number;
  handles: Metrics<typeof metricsCatalogue>['handles'];
  clock: Clock;
  logger: Logger;
}>;

/** Everything between a command that was read and the record of what became of it, wired together. */
export type Engine = Readonly<{
  handler: ReturnType<typeof createDeliveryHandler>;
  dispatcher: Dispatcher;
  spiller: Spiller;
  order: Order;
  active: ActiveJobs;
  memory: FinishedMemory;
  pressures: EndpointPressures;
  /** An endpoint said 410, as the log tells. */
  onGone(subscriptionId: string, version: number): void;
  onSubscriptionChanged(id: string, subscription: SubscriptionRecord | undefined): void;
}>;

export const buildEngine = (options: EngineOptions): Engine => {
  const { bus, table, producer, send, ring, concurrency, handles, clock, logger } = options;
  const active = new ActiveJobs();
  const directory = createSubscriptionDirectory(table, (id) => order.keeper.subscriptionChanged(id));
  const signingKeys = createSigningKeys({ ring, logger });
  const memory = new FinishedMemory(memoryBounds, clock.monotonicMs());
  const pressures = new EndpointPressures();
  const countVerdict = createCountVerdict(handles);
  const record = createRecordVerdict({
    journal: createKafkaJournal({ producer, clock, gatherMs: options.gatherMs }),
    active,
    memory,
    onRecorded: (job, verdict, entryOffset) => {
      countVerdict(job, verdict);
      order.keeper.recorded(job, verdict, entryOffset);
    },
    clock,
    logger,
  });
  const onDuplicate = (kind: 'in_flight' | 'finished') => handles.duplicates.inc({ kind });
  const isFinished = (job: Job): boolean => {
    // An entry says itself which attempt comes next: a line's head is only finished when its chain is over.
    const isOver =
      job.member === null ? memory.has(job.chain, job.command.state.attempt) : memory.isOver(job.chain);
    if (!isOver) return false;
    onDuplicate('finished');
    void record(job, verdictOnFinished);
    return true;
  };
  const putAside = (job: Job, rungMs: number): void => {
    const { state } = job.command;
    const rung = rungOfAtLeast(rungMs);
    const { subscriptionVersion } = state;
    const deferral = { reason: 'held', rung, subscriptionVersion, nowMs: clock.nowMs() } as const;
    void record(job, verdictOnDeferral(state, deferral));
  };
  const dispatcher: Dispatcher = new Dispatcher({
    caps: { softCap: concurrency, hardCap: concurrency * hardCapFactor },
    maxUnrecorded,
    maxHeld,
    attempt: createAttemptDelivery({
      directory,
      findSigningKeys: signingKeys.find,
      send,
      record,
      report: createReportAttempt({ handles, logger }),
      isFinished,
      onConcluded: (attempted) => spiller.concluded(attempted),
      // While stopping the command is left to the next process; else no socket was free, and it comes again.
      onAborted: (job, detail) => {
        if (!dispatcher.isRunning) return active.drop(job);
        logger.warn({ deliveryId: job.command.state.deliveryId, detail }, 'request.given-up');
        return putAside(job, 0);
      },
      clock,
      notRetried: defaultNotRetried,
    }),
    onDefect: (job, error) => {
      const { deliveryId, subscriptionId } = job.command.state;
      logger.error({ deliveryId, subscriptionId, detail: messageOf(error), error }, 'delivery.defect');
      putAside(job, operatorRung.delayMs);
    },
    clock,
  });
  const spiller = new Spiller({
    dispatcher,
    pressures,
    record,
    onSpill: (reason) => handles.spills.inc({ reason }),
    onBreakerChange: (state) => handles.breakerChanges.inc({ state }),
    clock,
    logger,
  });
  const order: Order = buildOrder({
    directory,
    holds: createKafkaHolds({ bus, producer, logger }),
    active,
    memory,
    record,
    admit: (job, subscription) => {
      spiller.admit(job, subscription);
      dispatcher.pump();
      spiller.watch();
    },
    hasCompany: (partition, subscriptionId) => spiller.hasCompany(partition, subscriptionId),
    onPark: () => handles.parked.inc({}),
    onDuplicate,
    maxBacklog: options.maxOrderedBacklog,
    maxBodyBytes: options.maxHeldBodyBytes,
    clock,
    logger,
  });
  return {
    handler: createDeliveryHandler({
      directory,
      dispatcher,
      spiller,
      keeper: order.keeper,
      onDropped: order.dropPartition,
      record,
      active,
      memory,
      clock,
      onDuplicate,
    }),
    dispatcher,
    spiller,
    order,
    active,
    memory,
    pressures,
    onGone: (id, version) => directory.markGone(id, version),
    onSubscriptionChanged: (id, subscription) => {
      if (subscription === undefined) signingKeys.forget(id);
      else spiller.renew(subscription);
      order.keeper.subscriptionChanged(id);
    },
  };
};
