import type { SubscriptionRecord } from '@tidings/contracts';
import type { Producer, Table } from '@tidings/kafka';
import type { Logger, Metrics } from '@tidings/observability';
import { type Clock, type KeyRing, messageOf } from '@tidings/runtime';
import { createKafkaJournal } from './adapters/kafka-journal.ts';
import { createSigningKeys } from './adapters/signing-keys.ts';
import { createSubscriptionDirectory } from './adapters/subscription-directory.ts';
import { createAttemptDelivery, operatorRung } from './attempt-delivery.ts';
import { hardCapFactor, maxHeld, maxUnrecorded, memoryBounds, userAgent } from './config.ts';
import { Dispatcher } from './dispatch-deliveries.ts';
import { EndpointPressures } from './domain/endpoint-pressure.ts';
import { FinishedMemory } from './domain/finished-memory.ts';
import { ActiveJobs, type Job } from './domain/job.ts';
import { rungOfAtLeast } from './domain/ladder-hop.ts';
import { defaultNotRetried } from './domain/next-step.ts';
import { verdictOnDeferral } from './domain/verdict.ts';
import { createDeliveryHandler } from './handle-delivery-requested.ts';
import type { metricsCatalogue } from './metrics.ts';
import type { SendRequest } from './ports.ts';
import { createRecordVerdict } from './record-verdict.ts';
import { createCountVerdict, createReportAttempt } from './report-attempt.ts';
import { Spiller } from './spill-deliveries.ts';

export type EngineOptions = Readonly<{
  table: Pick<Table<SubscriptionRecord>, 'get'>;
  producer: Producer;
  send: SendRequest;
  ring: KeyRing;
  concurrency: number;
  handles: Metrics<typeof metricsCatalogue>['handles'];
  clock: Clock;
  logger: Logger;
}>;

/** Everything between a command that was read and the record of what became of it, wired together. */
export type Engine = Readonly<{
  handler: ReturnType<typeof createDeliveryHandler>;
  dispatcher: Dispatcher;
  spiller: Spiller;
  active: ActiveJobs;
  memory: FinishedMemory;
  pressures: EndpointPressures;
  onSubscriptionChanged(id: string, subscription: SubscriptionRecord | undefined): void;
}>;

export const buildEngine = (options: EngineOptions): Engine => {
  const { table, producer, send, ring, concurrency, handles, clock, logger } = options;
  const active = new ActiveJobs();
  const directory = createSubscriptionDirectory(table);
  const signingKeys = createSigningKeys({ ring, logger });
  const memory = new FinishedMemory(memoryBounds, clock.monotonicMs());
  const pressures = new EndpointPressures();
  const record = createRecordVerdict({
    journal: createKafkaJournal(producer, clock),
    active,
    memory,
    onRecorded: createCountVerdict(handles),
    clock,
    logger,
  });
  const onDuplicate = (kind: 'in_flight' | 'finished') => handles.duplicates.inc({ kind });
  const isFinished = (job: Job): boolean => {
    if (!memory.has(job.chain, job.command.state.attempt)) return false;
    onDuplicate('finished');
    active.complete(job);
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
      userAgent,
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
  return {
    handler: createDeliveryHandler({
      directory,
      dispatcher,
      spiller,
      record,
      active,
      memory,
      clock,
      onDuplicate,
    }),
    dispatcher,
    spiller,
    active,
    memory,
    pressures,
    onSubscriptionChanged: (id, subscription) => {
      if (subscription === undefined) signingKeys.forget(id);
      else spiller.renew(subscription);
    },
  };
};
