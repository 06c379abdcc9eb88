import type { LiveHeld, LiveHoldChanged } from '@tidings/contracts';
import { isClosed, type WorkItem } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, sleep } from '@tidings/runtime';
import type { OrderingChangelog } from '../adapters/ordering-changelog.ts';
import type { LiveHolds } from '../domain/live-holds.ts';
import type { OrderedQueue, OrderedQueues } from '../domain/ordered-queues.ts';
import { isOfReplay } from '../domain/queue-names.ts';
import type { QueueRunner } from './queue-runner.ts';

type Dependencies = Readonly<{
  holds: LiveHolds;
  orderedQueues: OrderedQueues;
  changelog: Pick<OrderingChangelog, 'putHold' | 'removeHold'>;
  runner: Pick<QueueRunner, 'run'>;
  clock: Clock;
  logger: Logger;
}>;

type Name = Pick<LiveHeld, 'subscriptionId' | 'chain'>;

/**
 * Holds the live commands of ordered subscriptions while a replay runs. The changes come in the partition of the
 * commands, so every process sees them at the same place. A change is done only when the changelog has it: until then
 * the next process reads it again. docs/adr/0019 has the cases.
 */
export class LiveHolder {
  readonly #dependencies: Dependencies;
  /** By partition: the writes of holds, one after the other, so that a repeated one never follows a newer one. */
  readonly #writes = new Map<number, Promise<void>>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Applies a change that was read. */
  changed({ record: { partition, offset }, message, done }: WorkItem<LiveHoldChanged>): void {
    const { holds, changelog, logger } = this.#dependencies;
    const { subscriptionId, chain, state } = message;
    logger.info({ subscriptionId, chain, state }, 'live-hold.changed');
    if (state === 'released') {
      this.#release(partition, message, done);
      return;
    }
    holds.set(partition, message, state);
    if (state === 'ending' && !this.#isUnderWay(partition, message)) {
      this.#release(partition, message, done);
      return;
    }
    const held: LiveHeld = { type: 'LiveHeld.v1', subscriptionId, chain, state, sequence: Number(offset) };
    this.#write(partition, { write: async () => changelog.putHold(partition, held), done });
  }

  /**
   * Restores a hold before the queues of its partition run. `committedOffset`: what is read again from there on may
   * include the last commands of a replay that ends, and the change itself: until then it is held.
   */
  restore(partition: number, held: LiveHeld, committedOffset: bigint): void {
    const { holds } = this.#dependencies;
    const isReadAgain = committedOffset <= BigInt(held.sequence);
    holds.set(partition, held, isReadAgain ? 'held' : held.state);
    if (holds.stateOf(partition, held) === 'ending' && !this.#isUnderWay(partition, held))
      this.#release(partition, held, () => {});
  }

  /** Ends the holds of replays that had no command left but those of this queue. */
  emptied({ partition, subscriptionId }: OrderedQueue): void {
    for (const chain of this.#dependencies.holds.ending(partition, subscriptionId)) {
      const name = { subscriptionId: subscriptionId as LiveHeld['subscriptionId'], chain };
      if (!this.#isUnderWay(partition, name)) this.#release(partition, name, () => {});
    }
  }

  dropPartition(partition: number): void {
    this.#dependencies.holds.dropPartition(partition);
  }

  #isUnderWay(partition: number, { subscriptionId, chain }: Name): boolean {
    const queues = this.#dependencies.orderedQueues.of(partition, subscriptionId)?.queues.keys() ?? [];
    return [...queues].some((name) => isOfReplay(name, chain));
  }

  #release(partition: number, name: Name, done: () => void): void {
    const { holds, orderedQueues, changelog, runner } = this.#dependencies;
    this.#write(partition, { write: async () => changelog.removeHold(partition, name), done });
    if (!holds.delete(partition, name)) return;
    const queues = orderedQueues.of(partition, name.subscriptionId)?.queues.values() ?? [];
    for (const queue of [...queues]) if (queue.head === 'held') runner.run(queue);
  }

  #write(partition: number, change: Readonly<{ write: () => Promise<void>; done: () => void }>): void {
    const before = this.#writes.get(partition) ?? Promise.resolve();
    this.#writes.set(
      partition,
      before.then(async () => this.#writeUntilAcknowledged(change)),
    );
  }

  async #writeUntilAcknowledged({
    write,
    done,
  }: Readonly<{ write: () => Promise<void>; done: () => void }>): Promise<void> {
    const { clock, logger } = this.#dependencies;
    for (let failures = 1; ; failures += 1) {
      try {
        await write();
        done();
        return;
      } catch (error) {
        // At shutdown the change is left uncommitted, and the next owner reads it again.
        if (isClosed(error)) return;
        logger.error({ failures, error }, 'live-hold.not-written');
        await sleep(clock, backoffMs({ attempt: failures, baseMs: 250, maxMs: 10_000, random: Math.random }));
      }
    }
  }
}
