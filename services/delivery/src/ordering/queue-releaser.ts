import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { OrderingChangelog } from '../adapters/ordering-changelog.ts';
import type { SubscriptionDirectory } from '../adapters/subscription-directory.ts';
import type { DeferJob } from '../attempt/defer-job.ts';
import type { RecordResolution } from '../attempt/record-resolution.ts';
import type { DeferralController } from '../deferral/deferral-controller.ts';
import { dispositionUnder, type ErasedCommands } from '../domain/disposition.ts';
import type { InFlightJobs, Job } from '../domain/in-flight-jobs.ts';
import type { Completable, OrderedQueue, OrderedQueues, QueueEntry } from '../domain/ordered-queues.ts';
import { queueNameOf } from '../domain/queue-names.ts';
import { heldFor, resolutionOfDisposition } from '../domain/resolution.ts';
import type { BodyCache } from './body-cache.ts';
import { jobOfEntry, type QueueRunner } from './queue-runner.ts';

export type QueueReleaserDependencies = Readonly<{
  orderedQueues: OrderedQueues;
  directory: SubscriptionDirectory;
  erasures: ErasedCommands;
  changelog: Pick<OrderingChangelog, 'remove'>;
  bodies: BodyCache;
  inFlight: InFlightJobs;
  record: RecordResolution;
  deferJob: DeferJob;
  deferralController: Pick<DeferralController, 'admitOne'>;
  runner: Pick<QueueRunner, 'enqueued' | 'emptied'>;
  clock: Clock;
  logger: Logger;
}>;

/**
 * Releases a queue that is not required any more, or not under its name: moves
 * its entries to where they belong, in order.
 */
export class QueueReleaser {
  readonly #dependencies: QueueReleaserDependencies;
  /** Queues whose entries are being released. */
  readonly #releasing = new Set<OrderedQueue>();

  constructor(dependencies: QueueReleaserDependencies) {
    this.#dependencies = dependencies;
  }

  release(queue: OrderedQueue): void {
    const { orderedQueues, directory, logger } = this.#dependencies;
    const { subscriptionId, partition } = queue;
    const subscription = directory.find(subscriptionId);
    const entries = orderedQueues.take(queue);
    logger.info({ subscriptionId, commands: entries.length }, 'ordered-queue.released');
    const free: QueueEntry[] = [];
    const moved: QueueEntry[] = [];
    for (const entry of entries) {
      // It is already being written to dead-letters.
      if (entry.isRejected) continue;
      const name = queueNameOf(entry.state, subscription);
      if (name === null) {
        free.push(entry);
        continue;
      }
      entry.queue = orderedQueues.open({ partition, subscriptionId, name });
      orderedQueues.insert(entry);
      moved.push(entry);
    }
    const { runner } = this.#dependencies;
    for (const entry of moved) runner.enqueued(entry);
    // After its entries have moved: those of a replay may be in other queues of it now.
    runner.emptied.call(queue);
    void this.#releaseAll(queue, free);
  }

  /** Marks the queues of a partition that was reassigned as revoked. */
  dropPartition(partition: number): void {
    for (const queue of this.#releasing) if (queue.partition === partition) queue.isRevoked = true;
  }

  // Entries with a body in memory are released at once, the others one after the other over
  // the ladder, so that memory stays bounded.
  async #releaseAll(queue: OrderedQueue, entries: readonly QueueEntry[]): Promise<void> {
    const { bodies, logger } = this.#dependencies;
    this.#releasing.add(queue);
    const unloaded: QueueEntry[] = [];
    for (const entry of entries) {
      entry.isRemoved = true;
      bodies.forget(entry);
      if (entry.body === null) unloaded.push(entry);
      else this.#readmit(entry, entry.body);
    }
    for (const entry of unloaded) {
      try {
        if (!queue.isRevoked) await this.#deferToLadder(entry);
      } catch (error) {
        // Its entry stays: the next process that restores the partition releases it.
        const { subscriptionId, deliveryId } = entry.state;
        logger.error(
          { subscriptionId, deliveryId, detail: messageOf(error) },
          'ordering-changelog.not-loaded',
        );
      }
    }
    this.#releasing.delete(queue);
  }

  #readmit(entry: QueueEntry, body: Buffer): void {
    const { inFlight, directory, erasures, deferralController, record, clock } = this.#dependencies;
    const job = this.#jobOf(entry, body);
    inFlight.add(job);
    const { state } = entry;
    const subscription = directory.find(state.subscriptionId);
    const disposition = dispositionUnder(erasures, state, subscription, clock.nowMs());
    if (disposition.kind === 'attempt') deferralController.admitOne(job, disposition.subscription);
    else void record(job, resolutionOfDisposition(state, disposition, clock.nowMs()));
  }

  async #deferToLadder(entry: QueueEntry): Promise<void> {
    const { bodies, inFlight, deferJob } = this.#dependencies;
    const isThere = await bodies.load(entry);
    const { body } = entry;
    if (!isThere || body === null || entry.queue.isRevoked) return;
    const job = this.#jobOf(entry, body);
    inFlight.add(job);
    entry.body = null;
    await deferJob(job, heldFor(0));
  }

  // It is in no queue any more; its entry ends when its follow-up is in the log.
  #jobOf(entry: QueueEntry, body: Buffer): Job {
    const { clock, changelog } = this.#dependencies;
    const tombstone: Completable[] = entry.isPersisted ? [{ done: () => changelog.remove(entry) }] : [];
    const records = [...entry.records.splice(0), ...tombstone];
    return { ...jobOfEntry(entry, body, clock), entry: null, records };
  }
}
