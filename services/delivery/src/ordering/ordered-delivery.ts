import {
  type DeliveryRequested,
  type DeliveryState,
  isReplayChain,
  type SubscriptionRecord,
} from '@tidings/contracts';
import type { WorkItem } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { OrderingChangelog } from '../adapters/ordering-changelog.ts';
import type { SubscriptionDirectory } from '../adapters/subscription-directory.ts';
import type { RecordResolution } from '../attempt/record-resolution.ts';
import { type InFlightJobs, type Job, jobKeyOf, stateBytes } from '../domain/in-flight-jobs.ts';
import {
  isRepeatOf,
  type OrderedQueue,
  type OrderedQueues,
  type QueueEntry,
  type SubscriptionBacklog,
  waitingBeside,
} from '../domain/ordered-queues.ts';
import { queueNameAmong, queueNameOf } from '../domain/queue-names.ts';
import { type Resolution, resolutionOfDisposition } from '../domain/resolution.ts';
import { isFirstProbe } from '../domain/retry-policy.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import type { BodyCache } from './body-cache.ts';
import type { QueuePersister } from './queue-persister.ts';
import type { QueueReleaser } from './queue-releaser.ts';
import { jobOfEntry, type QueueRunner } from './queue-runner.ts';

export type OrderedDeliveryDependencies = Readonly<{
  orderedQueues: OrderedQueues;
  directory: SubscriptionDirectory;
  changelog: Pick<OrderingChangelog, 'remove'>;
  bodies: BodyCache;
  persister: QueuePersister;
  runner: QueueRunner;
  releaser: QueueReleaser;
  inFlight: InFlightJobs;
  record: RecordResolution;
  metrics: Pick<DeliveryMetrics, 'duplicates'>;
  /** Maximum commands that wait for one subscription: live ones, and those of replays. */
  maxBacklog: number;
  clock: Clock;
  logger: Logger;
}>;

type QueuePosition = Readonly<{ queue: OrderedQueue; sequence: number; isRejected: boolean }>;

/**
 * Delivers ordered subscriptions: only the head of a queue is sent, the others wait behind it.
 * docs/adr/0010 has the rules and their reasons.
 */
export class OrderedDelivery {
  readonly #dependencies: OrderedDeliveryDependencies;
  /** Subscriptions whose backlog is full, so that this is logged once. */
  readonly #full = new Set<string>();

  constructor(dependencies: OrderedDeliveryDependencies) {
    this.#dependencies = dependencies;
  }

  /** Adds a command to its ordered queue if it requires one. Returns false otherwise, at the cost of one look-up. */
  take(item: WorkItem<DeliveryRequested>, subscription: SubscriptionRecord | undefined): boolean {
    const { state } = item.message;
    const { partition, offset } = item.record;
    const { orderedQueues, runner } = this.#dependencies;
    const backlog = orderedQueues.of(partition, state.subscriptionId);
    const wanted = queueNameOf(state, subscription);
    if (backlog === undefined && wanted === null) return false;
    const known = backlog?.entries.get(state.deliveryId);
    // A replay takes a place of its own: the live entry ends as superseded in its turn.
    if (known !== undefined && (!isReplayChain(state.chain) || isReplayChain(known.state.chain))) {
      this.#addDuplicate(known, item);
      return true;
    }
    const name = backlog === undefined ? wanted : queueNameAmong(backlog, state, wanted);
    if (name === null) return false;
    const isRejected = this.#isFull(state, backlog);
    const queue = orderedQueues.open({ partition, subscriptionId: state.subscriptionId, name });
    const entry = this.#entryOf(item, { queue, sequence: Number(offset), isRejected });
    orderedQueues.insert(entry);
    if (isRejected) this.#reject(entry, item.message.body);
    runner.enqueued(entry);
    return true;
  }

  /** Updates the queue when the resolution of a job is in the log. */
  recorded(job: Job, { attemptEvent, followUp }: Resolution, persistedOffset: bigint | null): void {
    const { entry } = job;
    if (entry === null || entry.queue.isRevoked) return;
    const { clock, bodies, runner, changelog } = this.#dependencies;
    if (followUp.kind !== 'command') {
      if (entry.isPersisted) changelog.remove(entry);
      runner.remove(entry);
      return;
    }
    const { queue } = entry;
    if (attemptEvent?.outcome.kind === 'failed') this.#logIfBlocked(queue, followUp.state);
    entry.state = followUp.state;
    entry.records = [];
    entry.persistedOffset = persistedOffset;
    bodies.put(entry);
    const [, next] = queue.entries;
    if (next !== undefined && isRepeatOf(next, entry)) {
      runner.run(queue);
      return;
    }
    const remainingMs = (followUp.state.notBeforeMs ?? 0) - clock.nowMs();
    const isDeferral = attemptEvent === null || attemptEvent.outcome.kind === 'deferred';
    runner.scheduleHead(queue, isDeferral && remainingMs <= 0 ? followUp.rung.delayMs : remainingMs);
  }

  /** Checks the queues of a subscription that has changed. */
  subscriptionChanged(subscriptionId: string): void {
    const { orderedQueues, runner } = this.#dependencies;
    for (const queue of orderedQueues.ofSubscription(subscriptionId))
      if (queue.head === 'timed' || queue.head === 'held') runner.run(queue);
  }

  /** Discards the queues of a partition that was reassigned. */
  dropPartition(partition: number): void {
    const { orderedQueues, bodies, releaser, inFlight } = this.#dependencies;
    releaser.dropPartition(partition);
    for (const queue of orderedQueues.drop(partition)) {
      queue.isRevoked = true;
      queue.cancelTimer();
      for (const entry of queue.entries) {
        entry.isRemoved = true;
        bodies.forget(entry);
        inFlight.dropKey(jobKeyOf(entry.state));
      }
    }
  }

  stop(): void {
    this.#dependencies.runner.stop();
    this.#dependencies.persister.stop();
  }

  #logIfBlocked(queue: OrderedQueue, { position, deliveryId, attempt }: DeliveryState): void {
    const { directory, logger } = this.#dependencies;
    const { subscriptionId } = queue;
    const schedule = directory.find(subscriptionId)?.retryScheduleSeconds;
    if (schedule === undefined || !isFirstProbe(position, schedule)) return;
    const behind = queue.entries.length - 1;
    logger.warn({ subscriptionId, deliveryId, attempts: attempt - 1, behind }, 'ordered-queue.blocked');
  }

  // The delivery is already in the queue: this is a copy or a manual redelivery.
  #addDuplicate(known: QueueEntry, item: WorkItem<DeliveryRequested>): void {
    const { orderedQueues, runner, metrics, persister } = this.#dependencies;
    if (item.message.state.chain <= known.state.chain) {
      metrics.duplicates.inc({ kind: 'in_flight' });
      // Until it is persisted, a restart reads it from these records.
      if (known.persistedOffset === null) known.records.push(item);
      else item.done();
      return;
    }
    const { queue, sequence } = known;
    orderedQueues.insert(this.#entryOf(item, { queue, sequence, isRejected: false }));
    const isWaiting = queue.head === 'timed' || queue.head === 'held';
    if (queue.entries[0] === known && isWaiting) runner.run(queue);
    else persister.onWaiting(queue);
  }

  #entryOf(item: WorkItem<DeliveryRequested>, position: QueuePosition): QueueEntry {
    const { state, body, traceparent } = item.message;
    return {
      ...position,
      state,
      traceparent,
      body,
      bytes: body.length + stateBytes,
      records: [item],
      isPersisted: false,
      persistedOffset: null,
      arrivedMs: this.#dependencies.clock.monotonicMs(),
      writtenAtMs: item.record.timestampMs,
      isRemoved: false,
    };
  }

  // Live commands and those of replays have a bound each: neither fills that of the other, however long one waits.
  #isFull({ subscriptionId, chain }: DeliveryState, backlog: SubscriptionBacklog | undefined): boolean {
    const { maxBacklog, logger } = this.#dependencies;
    const waiting = waitingBeside(backlog, chain);
    if (waiting < maxBacklog) {
      if (this.#full.size > 0) this.#full.delete(subscriptionId);
      return false;
    }
    if (!this.#full.has(subscriptionId)) {
      logger.warn({ subscriptionId, waiting, limit: maxBacklog }, 'ordered-queue.backlog-full');
      this.#full.add(subscriptionId);
    }
    return true;
  }

  // It keeps its position until it is in dead-letters, so that no later entry is sent before.
  #reject(entry: QueueEntry, body: Buffer): void {
    const { clock, record, inFlight } = this.#dependencies;
    const job = jobOfEntry(entry, body, clock);
    inFlight.add(job);
    const resolution = resolutionOfDisposition(
      entry.state,
      { kind: 'dead-letter', reason: 'backlog-full' },
      clock.nowMs(),
    );
    void record(job, resolution);
  }
}
