import { orderingEntryKey, type SubscriptionRecord } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { SubscriptionDirectory } from '../adapters/subscription-directory.ts';
import type { RecordResolution } from '../attempt/record-resolution.ts';
import type { DeferralController } from '../deferral/deferral-controller.ts';
import {
  type Disposition,
  dispositionUnder,
  type ErasedCommands,
  maxUnknownMs,
} from '../domain/disposition.ts';
import { chainKeyOf, type FinishedAttempts } from '../domain/finished-attempts.ts';
import { type InFlightJobs, type Job, jobKeyOf } from '../domain/in-flight-jobs.ts';
import { Listeners } from '../domain/listeners.ts';
import type { LiveHolds } from '../domain/live-holds.ts';
import {
  isRepeatOf,
  type OrderedQueue,
  type OrderedQueues,
  type QueueEntry,
} from '../domain/ordered-queues.ts';
import { isLive, queueNameOf } from '../domain/queue-names.ts';
import { resolutionOfDisposition, resolutionOfFinished } from '../domain/resolution.ts';
import { dueUnder } from '../domain/retry-policy.ts';
import type { SupersededChains } from '../domain/superseded-chains.ts';
import type { BodyCache } from './body-cache.ts';
import type { QueuePersister } from './queue-persister.ts';

export type QueueRunnerDependencies = Readonly<{
  orderedQueues: OrderedQueues;
  holds: LiveHolds;
  directory: SubscriptionDirectory;
  erasures: ErasedCommands;
  bodies: BodyCache;
  persister: QueuePersister;
  inFlight: InFlightJobs;
  finishedAttempts: FinishedAttempts;
  superseded: SupersededChains;
  record: RecordResolution;
  deferralController: Pick<DeferralController, 'admitOne'>;
  clock: Clock;
  logger: Logger;
}>;

// The delay after an entry could not be read. A faster retry would not fix the cause.
const reloadMs = 5_000;

/** Returns the wait until the head is checked again; null when it is due. */
const delayOf = (head: QueueEntry, disposition: Disposition): number | null => {
  if (disposition.kind === 'wait') return disposition.remainingMs;
  if (disposition.kind !== 'await-subscription') return null;
  // Counted in memory alone: after a restart the wait for its subscription starts again.
  head.state = { ...head.state, deferrals: head.state.deferrals + 1 };
  return disposition.rung.delayMs;
};

/** Builds the job of an entry's next attempt, with all records that it completes. */
export const jobOfEntry = (entry: QueueEntry, body: Buffer, clock: Clock): Job => {
  const { state, traceparent, bytes, writtenAtMs, queue, records } = entry;
  return {
    command: { state, body, traceparent },
    key: jobKeyOf(state),
    chain: chainKeyOf(state),
    partition: queue.partition,
    bytes,
    arrivedMs: clock.monotonicMs(),
    // An ordered queue of a replay has one command here at a time: it would wait for every other queue.
    isBulk: false,
    arrivedIdleMs: clock.idleMs(),
    writtenAtMs,
    entry,
    records,
  };
};

/** Runs queues: starts the head of a queue, or sets a timer for it. */
export class QueueRunner {
  /** Called with a queue to run that is not the one that its subscription's ordering requires. It is not run. */
  readonly misplaced = new Listeners<[OrderedQueue]>();
  /** Called with a queue that has no entries any more. */
  readonly emptied = new Listeners<[OrderedQueue]>();
  readonly #dependencies: QueueRunnerDependencies;
  #isStopped = false;

  constructor(dependencies: QueueRunnerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Starts the head or sets its timer. Call it when the head may have changed or be due, and is not in progress. */
  run(queue: OrderedQueue): void {
    queue.cancelTimer();
    const head = this.#headOf(queue);
    if (head === undefined || queue.isRevoked) return;
    queue.head = 'idle';
    if (head.isRejected) {
      // Its write to dead-letters began on arrival.
      queue.head = 'running';
      return;
    }
    const { directory, finishedAttempts, superseded } = this.#dependencies;
    const subscription = directory.find(queue.subscriptionId);
    if (queueNameOf(head.state, subscription) !== queue.name) {
      this.misplaced.call(queue);
      return;
    }
    if (isLive(queue) && this.#dependencies.holds.isHeld(queue.partition, queue.subscriptionId)) {
      queue.head = 'held';
      if (!head.isPersisted) this.#dependencies.persister.onWaiting(queue);
      return;
    }
    if (subscription !== undefined) {
      const notBeforeMs = dueUnder(head.state, subscription);
      if (notBeforeMs !== head.state.notBeforeMs) head.state = { ...head.state, notBeforeMs };
    }
    const isOver =
      finishedAttempts.isOver(chainKeyOf(head.state)) || superseded.covers(queue.partition, head.state);
    const disposition = this.#dispositionOf(head, subscription);
    const waitMs = isOver ? null : delayOf(head, disposition);
    if (waitMs !== null) {
      this.scheduleHead(queue, waitMs);
      if (!head.isPersisted) this.#dependencies.persister.onWaiting(queue);
    } else if (head.body === null) void this.#loadThenRun(queue, head);
    else this.#start(head, head.body, isOver ? null : disposition);
  }

  /** Continues the queue after an entry was inserted. */
  enqueued(entry: QueueEntry): void {
    const { queue } = entry;
    // Also if the previous head only waits for its time: no entry is inserted before a head that is in progress.
    if (queue.entries[0] === entry) this.run(queue);
    else this.#dependencies.persister.onWaiting(queue);
  }

  /** Runs the queue after a delay. */
  scheduleHead(queue: OrderedQueue, delayMs: number): void {
    queue.cancelTimer();
    queue.head = 'timed';
    if (this.#isStopped) return;
    queue.cancelTimer = this.#dependencies.clock.setTimer(() => this.run(queue), delayMs);
  }

  /** Removes an ended entry and, if it was the head, runs the queue. */
  remove(entry: QueueEntry): void {
    const { orderedQueues, bodies } = this.#dependencies;
    const { queue } = entry;
    const wasHead = queue.entries[0] === entry;
    entry.isRemoved = true;
    bodies.forget(entry);
    if (!orderedQueues.remove(entry)) return;
    if (queue.entries.length === 0) this.emptied.call(queue);
    else if (wasHead) this.run(queue);
  }

  stop(): void {
    this.#isStopped = true;
  }

  // Returns the head. If the next entry is a manual redelivery of it, that chain replaces it.
  #headOf(queue: OrderedQueue): QueueEntry | undefined {
    const { orderedQueues, bodies, persister } = this.#dependencies;
    for (;;) {
      const [head, next] = queue.entries;
      if (head === undefined || next === undefined || !isRepeatOf(next, head)) return head;
      next.records.push(...head.records.splice(0));
      head.isRemoved = true;
      bodies.forget(head);
      orderedQueues.remove(head);
      if (head.isPersisted) persister.replace(head, next);
    }
  }

  // The maximum wait for a subscription counts from each command's arrival: commands
  // wait concurrently, not one after the other.
  #dispositionOf(head: QueueEntry, subscription: SubscriptionRecord | undefined): Disposition {
    const { erasures, clock } = this.#dependencies;
    const disposition = dispositionUnder(erasures, head.state, subscription, clock.nowMs());
    const hasWaited = clock.monotonicMs() - head.arrivedMs >= maxUnknownMs;
    return disposition.kind === 'await-subscription' && hasWaited
      ? { kind: 'dead-letter', reason: 'unknown-subscription' }
      : disposition;
  }

  // A disposition of null: the command has ended already, and only its entry remains.
  #start(head: QueueEntry, body: Buffer, disposition: Disposition | null): void {
    const { clock, inFlight, record, deferralController } = this.#dependencies;
    head.queue.head = 'running';
    const job = jobOfEntry(head, body, clock);
    inFlight.add(job);
    if (disposition === null) void record(job, resolutionOfFinished);
    else if (disposition.kind === 'attempt') deferralController.admitOne(job, disposition.subscription);
    else void record(job, resolutionOfDisposition(head.state, disposition, clock.nowMs()));
  }

  async #loadThenRun(queue: OrderedQueue, head: QueueEntry): Promise<void> {
    queue.head = 'loading';
    const { bodies, logger } = this.#dependencies;
    const { subscriptionId, deliveryId } = head.state;
    let isThere = true;
    try {
      isThere = await bodies.load(head);
    } catch (error) {
      logger.error({ subscriptionId, deliveryId, detail: messageOf(error) }, 'ordering-changelog.not-loaded');
    }
    if (queue.isRevoked || queue.entries[0] !== head) return;
    if (!isThere) {
      logger.error(
        { subscriptionId, deliveryId, key: orderingEntryKey(head.state) },
        'ordering-changelog.ended-elsewhere',
      );
      this.remove(head);
    } else if (head.body === null) this.scheduleHead(queue, reloadMs);
    else this.run(queue);
  }
}
