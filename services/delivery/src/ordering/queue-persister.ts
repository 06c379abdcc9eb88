import { holdKey } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { AppError, type Clock, messageOf } from '@tidings/runtime';
import { deferralRules } from '../deferral/domain/deferral-policy.ts';
import type { OrderedQueue, QueueEntry } from '../domain/ordered-queue.ts';
import { resolutionOfDeferral } from '../domain/resolution.ts';
import { rungOfAtLeast } from '../domain/retry-ladder.ts';
import type { OrderingChangelog } from '../ports.ts';
import type { BodyCache } from './body-cache.ts';

export type PersisterDependencies = Readonly<{
  changelog: OrderingChangelog;
  bodies: BodyCache;
  /** Whether a line that keeps its commands in memory holds up somebody else. */
  hasNeighbours: (partition: number, subscriptionId: string) => boolean;
  onPersisted: () => void;
  clock: Clock;
  logger: Logger;
}>;

const sweepMs = 250;

const isClosed = (error: unknown): boolean => error instanceof AppError && error.code === 'closed';

/** Whether it keeps an offset open that an entry would free. A head at work is about to end anyway. */
const isUnpersisted = (entry: QueueEntry, at: number): boolean =>
  !entry.isPersisted && !entry.isRejected && (at > 0 || entry.queue.head === 'timed');

/**
 * Gives what waits in a line an entry in the changelog when it has waited for a moment, so that its offset is done and
 * its partition goes on.
 */
export class QueuePersister {
  readonly #dependencies: PersisterDependencies;
  /** Lines with members that have no entry. */
  readonly #unpersisted = new Set<OrderedQueue>();
  #cancelSweep: (() => void) | undefined;
  #isStopped = false;

  constructor(dependencies: PersisterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Somebody waits in the line without an entry. */
  onWaiting(queue: OrderedQueue): void {
    this.#unpersisted.add(queue);
    const isMany =
      queue.entries.length > deferralRules.maxQueued && queue.entries.length % deferralRules.maxQueued === 0;
    if (isMany && this.#dependencies.hasNeighbours(queue.partition, queue.subscriptionId))
      this.#persist(queue);
    this.#sweepLater();
  }

  /** Another chain takes a member's place: its entry, and behind it the end of the old one's. */
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
    const { clock, hasNeighbours } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    for (const queue of [...this.#unpersisted]) {
      const oldest = queue.entries.find(isUnpersisted);
      if (oldest === undefined || queue.isRevoked) {
        this.#unpersisted.delete(queue);
        continue;
      }
      const hasOthers = hasNeighbours(queue.partition, queue.subscriptionId);
      const boundMs = hasOthers ? deferralRules.maxAgeMs : deferralRules.maxAgeAloneMs;
      if (nowMs - oldest.arrivedMs >= boundMs) this.#persist(queue);
    }
  }

  // From the head on, in order, without waiting in between: the partition of the changelog keeps the order (rule 2).
  #persist(queue: OrderedQueue): void {
    const { clock, onPersisted } = this.#dependencies;
    for (const [index, entry] of queue.entries.entries()) {
      // What is behind it must not be all that a restart finds: it goes when the refused one is in dead-letters.
      if (entry.isRejected) return;
      if (entry.isPersisted) continue;
      entry.isPersisted = true;
      onPersisted();
      if (index === 0) {
        void this.#write(entry, null);
        continue;
      }
      const { state } = entry;
      // Nobody knows when its turn comes; the fact names the soonest.
      const rung = rungOfAtLeast(0);
      const { subscriptionVersion } = state;
      const deferral = { reason: 'held', rung, subscriptionVersion, nowMs: clock.nowMs() } as const;
      const { attemptEvent } = resolutionOfDeferral(state, deferral);
      entry.state = { ...state, deferrals: state.deferrals + 1 };
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
      // A head that was sent meanwhile may have a newer entry already.
      if (entry.persistedOffset === null || offset > entry.persistedOffset) entry.persistedOffset = offset;
      for (const record of entry.records.splice(0)) record.done();
      const isAtWork = entry.queue.entries[0] === entry && entry.queue.head === 'running';
      if (!isAtWork && !entry.isRemoved) bodies.put(entry);
    } catch (error) {
      // At shutdown the next owner reads the command again.
      if (isClosed(error)) return;
      logger.error({ key: holdKey(state), detail: messageOf(error) }, 'ordering-changelog.not-written');
      entry.isPersisted = false;
      this.onWaiting(entry.queue);
    }
  }
}
