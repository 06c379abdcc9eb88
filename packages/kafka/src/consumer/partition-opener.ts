import { AppError, backoffMs, sleep } from '@tidings/runtime';
import { type PartitionRef, partitionKey } from '../bus.ts';
import { detailOf } from '../client/errors.ts';
import { type AssignedPartitionsOptions, type LogPosition, reopenBackoff } from './partition-source.ts';
import type { PartitionWorker } from './partition-worker.ts';

export type PartitionOpenerOptions<T> = AssignedPartitionsOptions<T> &
  Readonly<{
    isClosing: () => boolean;
    onOpened: (worker: PartitionWorker<T>) => void;
    onFailed: (worker: PartitionWorker<T>, error: unknown) => void;
  }>;

/**
 * Moves workers from `opening` to `open`: fetches the group's positions, lets the service restore state, then seeks.
 */
export class PartitionOpener<T> {
  readonly #options: PartitionOpenerOptions<T>;

  constructor(options: PartitionOpenerOptions<T>) {
    this.#options = options;
  }

  /** Resolves once each worker is open, has been revoked meanwhile, or has failed. */
  async open(workers: readonly PartitionWorker<T>[]): Promise<void> {
    const { run, source, clock, logger, isClosing } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const waiting = workers.filter((worker) => worker.state === 'opening');
      if (waiting.length === 0 || isClosing()) return;
      try {
        const positions = await source.positions(waiting.map(({ ref }) => ref));
        await Promise.all(
          waiting.map((worker) => this.#openOne(worker, positions.get(partitionKey(worker.ref)))),
        );
        return;
      } catch (error) {
        logger.warn({ group: run.group, attempt, detail: detailOf(error) }, 'consumer.positions-unavailable');
        const delayMs = backoffMs({ attempt, ...reopenBackoff });
        await sleep(clock, delayMs);
      }
    }
  }

  async #openOne(worker: PartitionWorker<T>, position: LogPosition | undefined): Promise<void> {
    const { run, source, isClosing, onOpened, onFailed } = this.#options;
    const { ref } = worker;
    if (worker.state !== 'opening') return;
    if (position === undefined) {
      throw new AppError({
        code: 'unavailable',
        message: `${ref.topic} has no partition ${ref.partition} yet`,
      });
    }
    const start = Math.min(this.#startOf(ref, position), worker.latestStart);
    worker.startAt(start);
    try {
      await run.onAssigned?.({
        ...ref,
        committedOffset: BigInt(start),
        lowOffset: BigInt(position.low),
        highOffset: BigInt(position.high),
      });
    } catch (error) {
      onFailed(worker, error);
      return;
    }
    worker.open();
    // The partition may have been lost while the service restored its state.
    if (!worker.isOpen || isClosing()) return;
    source.seek(ref, start);
    onOpened(worker);
  }

  #startOf(ref: PartitionRef, { committed, low, high }: LogPosition): number {
    if (committed === null) return low;
    if (committed >= low && committed <= high) return committed;
    // Below the log: the group was stopped for longer than the topic's retention. Above it: the topic was recreated.
    const { logger, run } = this.#options;
    logger.error({ ...ref, group: run.group, committed, low, high }, 'consumer.records-lost');
    return low;
  }
}
