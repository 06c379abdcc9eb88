import { type PartitionRef, partitionKey, type RunPartitionsOptions } from '../bus.ts';
import type { AssignedPartitions } from '../consumer/assigned-partitions.ts';
import type { AssignedPartitionsOptions } from '../consumer/partition-source.ts';
import type { AppendedRecords, AppendListener, HandOver } from './hand-over.ts';

export type PartitionHandOverOptions<T> = Readonly<{
  run: RunPartitionsOptions<T>;
  partitions: AssignedPartitions<T>;
  /** Returns true while this process is sure that its partitions are its own and that it can commit. */
  isOwner: () => boolean;
  /** Called when records were passed on: there will be offsets to commit. */
  onPassedOn: () => void;
}> &
  Pick<AssignedPartitionsOptions<T>, 'clock' | 'metrics'>;

// Fetching goes on once a partition had no record of this process between two looks: after 250 to 500 ms.
const lookMs = 250;
// A partition to which others write as often rarely has so many appends of this process in a row.
const appendsInARow = 8;
// Where fetches have stopped, a record of others and those behind it wait for the next one, up to 250 ms. So after each it
// takes twice as many appends in a row, up to this number, until it is a rare case.
const mostInARow = 1_024;
// So many times that number in a row show that nobody else writes to the partition any more.
const timesUncontested = 8;
// A longer interval says that nothing waits for the records: they come cheaper by fetches, many at a time.
const longestIntervalMs = 50;

/**
 * Tells a consumer what this process appends to its topics, if its records should come as soon as possible. Returns a function
 * that ends that.
 */
export function listenIfUrgent<T>(
  handOver: HandOver,
  { topics, minBytes = 1, fetchIntervalMs = 0 }: RunPartitionsOptions<T>,
  listener: AppendListener,
): () => void {
  if (minBytes > 1 || fetchIntervalMs > longestIntervalMs) return () => {};
  return handOver.listen(
    topics.map(({ name }) => name),
    listener,
  );
}

/**
 * Passes records that this process has appended to its own partitions on, if they are next in their partition, and stops the
 * fetches of a partition that gets no others. Everything else is left to the fetches. See adr/0041.
 */
export class PartitionHandOver<T> implements AppendListener {
  readonly #options: PartitionHandOverOptions<T>;
  /** By partition: the appends in a row that were next, and if there was one since the last look. */
  readonly #rows = new Map<string, { readonly ref: PartitionRef; length: number; isFresh: boolean }>();
  /** By partition to which others write: the appends in a row after which its fetches stop. */
  readonly #contested = new Map<string, number>();
  #cancelLook: (() => void) | undefined;

  constructor(options: PartitionHandOverOptions<T>) {
    this.#options = options;
  }

  onAppended(appended: AppendedRecords): void {
    const { partitions, isOwner, onPassedOn, run, metrics } = this.#options;
    if (!isOwner()) return;
    const result = partitions.handOver(appended);
    if (result === 'gap') this.#contest(appended);
    if (result === 'gap' || result === 'replaced') this.#breakRow(appended);
    if (result === 'next' || result === 'last') this.#extendRow(appended);
    if (result !== 'next') return;
    metrics.handedOver.inc({ group: run.group }, appended.endOffset - appended.baseOffset);
    onPassedOn();
  }

  onUnknown(ref: PartitionRef): void {
    this.#breakRow(ref);
  }

  /** Leaves everything to the fetches: the partitions may become those of others. */
  stop(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    for (const { ref } of this.#rows.values()) this.#options.partitions.fetchAgain(ref);
    this.#rows.clear();
  }

  #extendRow({ topic, partition }: PartitionRef): void {
    const key = partitionKey({ topic, partition });
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { ref: { topic, partition }, length: 0, isFresh: true };
      this.#rows.set(key, row);
    }
    row.length += 1;
    row.isFresh = true;
    const needed = this.#contested.get(key) ?? appendsInARow;
    if (row.length >= needed) this.#options.partitions.stopFetching(row.ref);
    if (row.length >= needed * timesUncontested) this.#contested.delete(key);
    this.#cancelLook ??= this.#options.clock.setTimer(() => this.#look(), lookMs);
  }

  #contest(ref: PartitionRef): void {
    const key = partitionKey(ref);
    const needed = this.#contested.get(key) ?? appendsInARow;
    if ((this.#rows.get(key)?.length ?? 0) >= needed)
      this.#contested.set(key, Math.min(2 * needed, mostInARow));
  }

  #breakRow({ topic, partition }: PartitionRef): void {
    if (this.#rows.delete(partitionKey({ topic, partition })))
      this.#options.partitions.fetchAgain({ topic, partition });
  }

  #look(): void {
    this.#cancelLook = undefined;
    for (const row of [...this.#rows.values()]) {
      if (row.isFresh) row.isFresh = false;
      else this.#breakRow(row.ref);
    }
    if (this.#rows.size > 0) this.#cancelLook = this.#options.clock.setTimer(() => this.#look(), lookMs);
  }
}
