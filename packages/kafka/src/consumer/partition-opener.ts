import { AppError, backoffMs } from '@tidings/runtime';
import type { PartitionRef } from '../bus.ts';
import { reasonOf } from '../client/errors.ts';
import {
  type AssignedPartitionsOptions,
  type LogPosition,
  partitionKey,
  reopenBackoff,
} from './partition-source.ts';
import type { PartitionWorker } from './partition-worker.ts';

export type PartitionOpenerOptions<T> = AssignedPartitionsOptions<T> &
  Readonly<{
    isClosing: () => boolean;
    onOpened: (worker: PartitionWorker<T>) => void;
    onFailed: (worker: PartitionWorker<T>, error: unknown) => void;
  }>;

/** Takes lanes from `opening` to `open`: finds where the group stands, lets the service restore its state, then seeks. */
export class PartitionOpener<T> {
  readonly #options: PartitionOpenerOptions<T>;

  constructor(options: PartitionOpenerOptions<T>) {
    this.#options = options;
  }

  /** Ends when each lane is open, was given up meanwhile, or has failed. */
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
        logger.warn({ group: run.group, attempt, reason: reasonOf(error) }, 'consumer.positions-unavailable');
        const delayMs = backoffMs({ attempt, ...reopenBackoff });
        await new Promise<void>((resolve) => clock.setTimer(resolve, delayMs));
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
    const start = this.#startOf(ref, position);
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
    // It may have been lost while the service restored its state.
    if (!worker.isOpen || isClosing()) return;
    source.seek(ref, start);
    onOpened(worker);
  }

  #startOf(ref: PartitionRef, { committed, low, high }: LogPosition): number {
    if (committed === null) return low;
    if (committed >= low && committed <= high) return committed;
    // Below the log: it was gone for longer than the topic keeps. Above it: the topic was made anew.
    const { logger, run } = this.#options;
    logger.error({ ...ref, group: run.group, committed, low, high }, 'consumer.records-lost');
    return low;
  }
}
