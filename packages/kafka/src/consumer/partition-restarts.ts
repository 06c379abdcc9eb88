import { type PartitionRef, partitionKey } from '../bus.ts';

/** Partitions whose handler failed: the consecutive failures of each, and which of them wait for their restart. */
export class PartitionRestarts {
  /** By partition, until its committed offset has passed the failed one. */
  readonly #failures = new Map<string, Readonly<{ count: number; offset: number }>>();
  readonly #waiting = new Set<string>();

  /** True while some partition waits for its restart. */
  get isAnyWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Counts a failure at an offset. Returns the number of consecutive failures of the partition. */
  countFailure(ref: PartitionRef, offset: number): number {
    const key = partitionKey(ref);
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    this.#failures.set(key, { count, offset });
    return count;
  }

  /** Marks a partition as waiting for its restart. */
  begin(ref: PartitionRef): void {
    this.#waiting.add(partitionKey(ref));
  }

  /** Ends the wait of a partition that was opened again or revoked. */
  end(ref: PartitionRef): void {
    this.#waiting.delete(partitionKey(ref));
  }

  /** Forgets the failures of a partition once its committed offset has passed the failed one. */
  onCommitted(ref: PartitionRef, committedOffset: number): void {
    const key = partitionKey(ref);
    const failure = this.#failures.get(key);
    if (failure !== undefined && committedOffset >= failure.offset) this.#failures.delete(key);
  }
}
