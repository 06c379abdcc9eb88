import { detailOf, isSuperseded } from '../client/errors.ts';
import type { AssignedPartitionsOptions } from './partition-source.ts';
import type { PartitionWorker } from './partition-worker.ts';

const logEveryNthFailure = 20;

/**
 * Commits the contiguously finished offsets of partition workers. One commit at a time; the next includes a failed one.
 */
export class OffsetCommitter<T> {
  readonly #options: Pick<AssignedPartitionsOptions<T>, 'run' | 'source' | 'logger' | 'metrics'>;
  readonly #onCommitted: (worker: PartitionWorker<T>) => void;
  #inFlight: Promise<void> | undefined;
  #failures = 0;

  constructor(
    options: Pick<AssignedPartitionsOptions<T>, 'run' | 'source' | 'logger' | 'metrics'>,
    onCommitted: (worker: PartitionWorker<T>) => void,
  ) {
    this.#options = options;
    this.#onCommitted = onCommitted;
  }

  /**
   * Never rejects. If no other commit is in flight, the request is sent before this returns: at a rebalance it must be
   * on its way before the group rejoins. `workers` is called late, so that only partitions still owned are committed.
   */
  async commit(workers: () => Iterable<PartitionWorker<T>>): Promise<void> {
    while (this.#inFlight !== undefined) await this.#inFlight;
    this.#inFlight = this.#commit([...workers()]);
    try {
      await this.#inFlight;
    } finally {
      this.#inFlight = undefined;
    }
  }

  async #commit(workers: readonly PartitionWorker<T>[]): Promise<void> {
    const { run, source, metrics } = this.#options;
    if (!source.canCommit()) return;
    const moved = workers.filter((worker) => worker.isOpen && worker.committable > worker.committedOffset);
    if (moved.length === 0) return;
    const offsets = moved.map((worker) => ({ ...worker.ref, offset: worker.committable }));
    try {
      await source.commit(offsets);
    } catch (error) {
      this.#logFailure(error);
      return;
    }
    metrics.commits.inc({ group: run.group, outcome: 'ok' });
    this.#failures = 0;
    for (const [at, worker] of moved.entries()) {
      worker.committedOffset = offsets[at]?.offset ?? worker.committedOffset;
      this.#onCommitted(worker);
    }
  }

  #logFailure(error: unknown): void {
    const { run, logger, metrics } = this.#options;
    const isExpected = isSuperseded(error);
    metrics.commits.inc({ group: run.group, outcome: isExpected ? 'overtaken' : 'failed' });
    if (!isExpected) this.#failures += 1;
    const fields = { group: run.group, failures: this.#failures, detail: detailOf(error) };
    // Logged at the first failure and then occasionally: a coordinator's crash causes some twenty of them.
    const level = !isExpected && this.#failures % logEveryNthFailure === 1 ? 'warn' : 'debug';
    logger[level](fields, isExpected ? 'consumer.commit-superseded' : 'consumer.commit-failed');
  }
}
