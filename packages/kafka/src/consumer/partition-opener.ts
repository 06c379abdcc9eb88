import { AppError, backoffMs, sleep } from '@tidings/runtime';
import { type PartitionRef, partitionKey } from '../bus.ts';
import { detailOf } from '../client/errors.ts';
import { type AssignedPartitionsOptions, type LogPosition, reopenBackoff } from './partition-source.ts';
import type { PartitionWorker } from './partition-worker.ts';

const withoutPositions = (refs: readonly PartitionRef[]): AppError =>
  new AppError({
    code: 'unavailable',
    message: `no leader, or no such partition yet: ${refs.map(partitionKey).join(', ')}`,
  });

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

  /**
   * Resolves once each worker is open, has been revoked meanwhile, or has failed. A partition whose positions nobody can
   * tell does not delay the others.
   */
  async open(workers: readonly PartitionWorker<T>[]): Promise<void> {
    const { run, clock, logger, isClosing } = this.#options;
    const opened: Promise<void>[] = [];
    let waiting = workers;
    for (let attempt = 1; ; attempt += 1) {
      waiting = waiting.filter((worker) => worker.state === 'opening');
      if (waiting.length === 0 || isClosing()) break;
      try {
        const positions = await this.#positionsOf(waiting);
        for (const [worker, position] of positions) opened.push(this.#openOne(worker, position));
        waiting = waiting.filter((worker) => !positions.has(worker));
        if (waiting.length === 0) break;
        throw withoutPositions(waiting.map(({ ref }) => ref));
      } catch (error) {
        logger.warn({ group: run.group, attempt, detail: detailOf(error) }, 'consumer.positions-unavailable');
        const delayMs = backoffMs({ attempt, ...reopenBackoff });
        await sleep(clock, delayMs);
      }
    }
    await Promise.all(opened);
  }

  async #positionsOf(
    workers: readonly PartitionWorker<T>[],
  ): Promise<ReadonlyMap<PartitionWorker<T>, LogPosition>> {
    const positions = await this.#options.source.positions(workers.map(({ ref }) => ref));
    return new Map(
      workers.flatMap((worker) => {
        const position = positions.get(partitionKey(worker.ref));
        return position === undefined ? [] : [[worker, position] as const];
      }),
    );
  }

  async #openOne(worker: PartitionWorker<T>, position: LogPosition): Promise<void> {
    const { run, source, isClosing, onOpened, onFailed } = this.#options;
    const { ref } = worker;
    if (worker.state !== 'opening') return;
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
