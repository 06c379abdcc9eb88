import type { DeliveryRequested } from '@tidings/contracts';
import type { WorkItem } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import type { SubscriptionDirectory } from '../adapters/subscription-directory.ts';
import type { RecordResolution } from '../attempt/record-resolution.ts';
import type { DeferralController } from '../deferral/deferral-controller.ts';
import { type Disposition, dispositionUnder, type ErasedCommands } from '../domain/disposition.ts';
import { chainKeyOf, type FinishedAttempts } from '../domain/finished-attempts.ts';
import { type InFlightJobs, type Job, jobKeyOf, stateBytes } from '../domain/in-flight-jobs.ts';
import { resolutionOfDisposition } from '../domain/resolution.ts';
import { shortestDelayMs } from '../domain/retry-ladder.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import type { Ordering } from '../ordering/compose-ordering.ts';
import type { Dispatcher } from '../queue/dispatcher.ts';
import { createSupersede, type SupersedeParts } from './supersede-older-chains.ts';

export type AcceptParts = SupersedeParts &
  Readonly<{
    directory: SubscriptionDirectory;
    erasures: ErasedCommands;
    dispatcher: Dispatcher;
    deferralController: DeferralController;
    ordering: Ordering;
    record: RecordResolution;
    inFlight: InFlightJobs;
    finishedAttempts: FinishedAttempts;
    metrics: Pick<DeliveryMetrics, 'duplicates'>;
    clock: Clock;
  }>;

type Names = Pick<Job, 'key' | 'chain'>;

const jobOf = (item: WorkItem<DeliveryRequested>, { key, chain }: Names, clock: Clock): Job => ({
  command: item.message,
  key,
  chain,
  partition: item.record.partition,
  bytes: item.message.body.length + stateBytes,
  isBulk: item.message.state.trigger === 'replay',
  arrivedMs: clock.monotonicMs(),
  arrivedIdleMs: clock.idleMs(),
  writtenAtMs: item.record.timestampMs,
  entry: null,
  records: [item],
});

/**
 * Creates the first step of a command that was read: it is a known copy or superseded, waits, ends, or is queued for its
 * subscription. The work ends later, when the record is completed.
 */
export const createAcceptCommand = (parts: AcceptParts) => {
  const { directory, erasures, dispatcher, deferralController, ordering, record, inFlight, metrics, clock } =
    parts;
  const supersede = createSupersede(parts);

  const isKnown = (item: WorkItem<DeliveryRequested>, { key, chain }: Names): boolean => {
    if (parts.superseded.covers(item.record.partition, item.message.state)) {
      metrics.duplicates.inc({ kind: 'superseded' });
      item.done();
      return true;
    }
    if (inFlight.attach(key, item)) {
      metrics.duplicates.inc({ kind: 'in_flight' });
      return true;
    }
    if (!parts.finishedAttempts.has(chain, item.message.state.attempt)) return false;
    metrics.duplicates.inc({ kind: 'finished' });
    item.done();
    return true;
  };

  const settle = (job: Job, disposition: Exclude<Disposition, { kind: 'attempt' }>): void => {
    void record(job, resolutionOfDisposition(job.command.state, disposition, clock.nowMs()));
  };

  // Its wait in memory is over. By the wall clock it may be slightly early, or very early if that clock was set back.
  const resume = (job: Job): void => {
    const { state } = job.command;
    const subscription = directory.find(state.subscriptionId);
    const disposition = dispositionUnder(erasures, state, subscription, clock.nowMs());
    if (disposition.kind === 'attempt') deferralController.admit(job, disposition.subscription);
    else settle(job, disposition);
    deferralController.watch();
  };

  return (received: WorkItem<DeliveryRequested>): void => {
    // Before copies are dropped: a copy of a command that has finished may be the only one that is read again.
    const item = supersede(received);
    const { state } = item.message;
    const names = { key: jobKeyOf(state), chain: chainKeyOf(state) };
    if (isKnown(item, names)) return;
    const subscription = directory.find(state.subscriptionId);
    if (ordering.orderedDelivery.take(item, subscription)) return;
    const job = jobOf(item, names, clock);
    inFlight.add(job);
    const disposition = dispositionUnder(erasures, state, subscription, clock.nowMs());
    if (disposition.kind === 'attempt') {
      deferralController.admit(job, disposition.subscription);
      return;
    }
    const isShort = disposition.kind === 'wait' && disposition.remainingMs < shortestDelayMs;
    if (isShort && dispatcher.delay(job, disposition.remainingMs, () => resume(job))) return;
    settle(job, disposition);
  };
};
