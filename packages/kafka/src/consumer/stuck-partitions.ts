import { type Clock, runPeriodically } from '@tidings/runtime';
import type { PartitionRef } from '../bus.ts';
import { type CommitOffset, partitionKey } from './partition-source.ts';

export type StuckPartitionsOptions = Readonly<{
  clock: Clock;
  /** Partitions that should be receiving records, with the next offset of each. */
  awaitingRecords: () => readonly CommitOffset[];
  /** End of the log of each partition, by {@link partitionKey}. */
  ends: (refs: readonly PartitionRef[]) => Promise<ReadonlyMap<string, number>>;
  /** Records wait in these partitions and none has come between two looks. */
  onStuck: (refs: readonly PartitionRef[]) => void;
}>;

const intervalMs = 30_000;

/**
 * Looks whether records arrive where records wait. Heartbeats do not tell: kafkajs sends them from a fetch loop that may
 * skip a partition for ever (a record above the fetch limits, #1072; a lost fetcher).
 */
export class StuckPartitions {
  readonly #options: StuckPartitionsOptions;
  /** Next offsets at the last look, and whether records waited behind them then. */
  #last = new Map<string, Readonly<{ offset: number; isBehind: boolean }>>();
  /** Ends it. */
  readonly stop: () => void;

  constructor(options: StuckPartitionsOptions) {
    this.#options = options;
    const task = async (isStopped: () => boolean): Promise<void> => this.#check(isStopped);
    this.stop = runPeriodically({ clock: options.clock, firstMs: intervalMs, everyMs: intervalMs, task });
  }

  async #check(isStopped: () => boolean): Promise<void> {
    const { awaitingRecords, ends, onStuck } = this.#options;
    const present = awaitingRecords();
    const still = present.filter((ref) => this.#last.get(partitionKey(ref))?.offset === ref.offset);
    let highs: ReadonlyMap<string, number>;
    try {
      highs = still.length === 0 ? new Map() : await ends(still);
    } catch {
      // Brokers that do not answer are not a stuck partition; others watch for them.
      highs = new Map();
    }
    const isBehind = (ref: CommitOffset): boolean => (highs.get(partitionKey(ref)) ?? 0) > ref.offset;
    const stuck = still.filter((ref) => isBehind(ref) && this.#last.get(partitionKey(ref))?.isBehind);
    this.#last = new Map(
      present.map((ref) => [partitionKey(ref), { offset: ref.offset, isBehind: isBehind(ref) }]),
    );
    if (stuck.length > 0 && !isStopped()) {
      this.#last.clear();
      onStuck(stuck);
    }
  }
}
