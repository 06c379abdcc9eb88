import { isOvertaken, reasonOf } from '../client/errors.ts';
import type { LaneSetOptions } from './partition-source.ts';
import type { PartitionLane } from './partition-worker.ts';

const failuresATelling = 20;

/** Commits what lanes have contiguously done. One commit at a time; a failed one is made up for by the next. */
export class LaneCommitter<T> {
  readonly #options: Pick<LaneSetOptions<T>, 'run' | 'source' | 'logger' | 'metrics'>;
  readonly #onCommitted: (lane: PartitionLane<T>) => void;
  #inFlight: Promise<void> | undefined;
  #failures = 0;

  constructor(
    options: Pick<LaneSetOptions<T>, 'run' | 'source' | 'logger' | 'metrics'>,
    onCommitted: (lane: PartitionLane<T>) => void,
  ) {
    this.#options = options;
    this.#onCommitted = onCommitted;
  }

  /**
   * Never rejects. Without another commit in flight the request leaves before this returns: at a rebalance it has to be
   * on its way before the group rejoins. `lanes` is asked late, so that only what is still ours is committed.
   */
  async commit(lanes: () => Iterable<PartitionLane<T>>): Promise<void> {
    while (this.#inFlight !== undefined) await this.#inFlight;
    this.#inFlight = this.#commit([...lanes()]);
    try {
      await this.#inFlight;
    } finally {
      this.#inFlight = undefined;
    }
  }

  async #commit(lanes: readonly PartitionLane<T>[]): Promise<void> {
    const { run, source, metrics } = this.#options;
    if (!source.canCommit()) return;
    const moved = lanes.filter((lane) => lane.isOpen && lane.committable > lane.committedOffset);
    if (moved.length === 0) return;
    const offsets = moved.map((lane) => ({ ...lane.ref, offset: lane.committable }));
    try {
      await source.commit(offsets);
    } catch (error) {
      this.#tellFailure(error);
      return;
    }
    metrics.commits.inc({ group: run.group, outcome: 'ok' });
    this.#failures = 0;
    for (const [at, lane] of moved.entries()) {
      lane.committedOffset = offsets[at]?.offset ?? lane.committedOffset;
      this.#onCommitted(lane);
    }
  }

  #tellFailure(error: unknown): void {
    const { run, logger, metrics } = this.#options;
    const isExpected = isOvertaken(error);
    metrics.commits.inc({ group: run.group, outcome: isExpected ? 'overtaken' : 'failed' });
    if (!isExpected) this.#failures += 1;
    const fields = { group: run.group, failures: this.#failures, reason: reasonOf(error) };
    // Said at the first and then now and again: a coordinator's death takes some twenty of them.
    const level = !isExpected && this.#failures % failuresATelling === 1 ? 'warn' : 'debug';
    logger[level](fields, isExpected ? 'consumer.commit-overtaken' : 'consumer.commit-failed');
  }
}
