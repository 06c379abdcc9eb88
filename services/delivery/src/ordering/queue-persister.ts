import { orderingEntryKey } from '@tidings/contracts';
import { isClosed } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { OrderingChangelog } from '../adapters/ordering-changelog.ts';
import type { DeferralController } from '../deferral/deferral-controller.ts';
import { deferralRules } from '../deferral/domain/decide-deferral.ts';
import type { OrderedQueue, QueueEntry } from '../domain/ordered-queues.ts';
import { heldFor, resolutionOfDeferral } from '../domain/resolution.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import type { BodyCache } from './body-cache.ts';

export type PersisterDependencies = Readonly<{
  changelog: OrderingChangelog;
  bodies: BodyCache;
  /** A queue whose commands are only in memory delays neighbours. */
  deferralController: Pick<DeferralController, 'hasNeighbours'>;
  metrics: Pick<DeliveryMetrics, 'persisted'>;
  clock: Clock;
  logger: Logger;
}>;

const sweepMs = 250;

/**
 * Returns true for an entry that keeps an offset uncommitted and could be
 * persisted. A head in progress ends soon anyway.
 */
const isUnpersisted = (entry: QueueEntry, at: number): boolean =>
  !entry.isPersisted && !entry.isRejected && (at > 0 || ['timed', 'held'].includes(entry.queue.head));

/** Persists entries that have waited for a moment, so that their offsets are done and their partition continues. */
export class QueuePersister {
  readonly #dependencies: PersisterDependencies;
  /** Queues with entries that are not persisted. */
  readonly #unpersisted = new Set<OrderedQueue>();
  #cancelSweep: (() => void) | undefined;
  #isStopped = false;

  constructor(dependencies: PersisterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Registers a queue that holds an entry which is not persisted. */
  onWaiting(queue: OrderedQueue): void {
    this.#unpersisted.add(queue);
    const isMany =
      queue.entries.length > deferralRules.maxQueued && queue.entries.length % deferralRules.maxQueued === 0;
    if (isMany && this.#dependencies.deferralController.hasNeighbours(queue.partition, queue.subscriptionId))
      this.#persist(queue);
    this.#sweepLater();
  }

  /** Replaces an entry by that of another chain: persists the new one, then writes the tombstone of the old one. */
  replace(old: QueueEntry, fresh: QueueEntry): void {
    const { changelog } = this.#dependencies;
    if (!fresh.isPersisted) {
      fresh.isPersisted = true;
      void this.#write(fresh, null);
    }
    changelog.remove(old);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelSweep?.();
  }

  #sweepLater(): void {
    if (this.#isStopped) return;
    this.#cancelSweep ??= this.#dependencies.clock.setTimer(() => {
      this.#cancelSweep = undefined;
      this.#sweep();
      if (this.#unpersisted.size > 0) this.#sweepLater();
    }, sweepMs);
  }

  #sweep(): void {
    const { clock, deferralController } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    for (const queue of [...this.#unpersisted]) {
      const oldest = queue.entries.find(isUnpersisted);
      if (oldest === undefined || queue.isRevoked) {
        this.#unpersisted.delete(queue);
        continue;
      }
      const hasOthers = deferralController.hasNeighbours(queue.partition, queue.subscriptionId);
      const boundMs = hasOthers ? deferralRules.maxAgeMs : deferralRules.maxAgeAloneMs;
      if (nowMs - oldest.arrivedMs >= boundMs) this.#persist(queue);
    }
  }

  // From the head on, in order and without waiting in between: the changelog's partition keeps the order (rule 2).
  #persist(queue: OrderedQueue): void {
    const { clock, metrics } = this.#dependencies;
    for (const [index, entry] of queue.entries.entries()) {
      // A restart must not find only the entries behind it: those are persisted
      // when the rejected one is in dead-letters.
      if (entry.isRejected) return;
      if (entry.isPersisted) continue;
      entry.isPersisted = true;
      metrics.persisted.inc({});
      if (index === 0) {
        void this.#write(entry, null);
        continue;
      }
      // The time of its attempt is unknown; the attempt event states the earliest one.
      const { attemptEvent, followUp } = resolutionOfDeferral(entry.state, heldFor(0), clock.nowMs());
      entry.state = followUp.state;
      void this.#write(entry, attemptEvent);
    }
    this.#unpersisted.delete(queue);
  }

  async #write(entry: QueueEntry, attemptEvent: Parameters<OrderingChangelog['put']>[2]): Promise<void> {
    const { changelog, bodies, logger } = this.#dependencies;
    const { body, state } = entry;
    if (body === null) return;
    try {
      const offset = await changelog.put(entry, body, attemptEvent);
      // A head that was sent in the meantime may already have a newer entry.
      if (entry.persistedOffset === null || offset > entry.persistedOffset) entry.persistedOffset = offset;
      for (const record of entry.records.splice(0)) record.done();
      const isAtWork = entry.queue.entries[0] === entry && entry.queue.head === 'running';
      if (!isAtWork && !entry.isRemoved) bodies.put(entry);
    } catch (error) {
      // At shutdown the command is left uncommitted, and the next owner reads it again.
      if (isClosed(error)) return;
      logger.error(
        { key: orderingEntryKey(state), detail: messageOf(error) },
        'ordering-changelog.not-written',
      );
      entry.isPersisted = false;
      this.onWaiting(entry.queue);
    }
  }
}
