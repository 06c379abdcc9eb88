import { type Clock, runPeriodically } from '@tidings/runtime';
import { type PartitionRef, partitionKey } from '../bus.ts';
import type { CommitOffset } from './partition-source.ts';
import { untilCheckMs } from './shared-ends.ts';

export type StuckPartitionsOptions = Readonly<{
  clock: Clock;
  /** Returns the partitions that should receive records, with the next offset of each. */
  awaitingRecords: () => readonly CommitOffset[];
  /** Returns the end of the log of each partition, by {@link partitionKey}. */
  ends: (refs: readonly PartitionRef[]) => Promise<ReadonlyMap<string, number>>;
  /** Called with the partitions whose log has records but from which none arrived between two checks. */
  onStuck: (refs: readonly PartitionRef[]) => void;
}>;

/**
 * Checks every 30 s that records arrive from partitions that have some. Heartbeats are no evidence: kafkajs sends them from a
 * fetch loop that may skip a partition for ever (a record above the fetch limits, #1072; a lost fetcher).
 */
export class StuckPartitions {
  readonly #options: StuckPartitionsOptions;
  /** Next offsets at the last check, and if there were records behind them then. */
  #last = new Map<string, Readonly<{ offset: number; isBehind: boolean }>>();
  /** Stops the checks. */
  readonly stop: () => void;

  constructor(options: StuckPartitionsOptions) {
    this.#options = options;
    const run = async (isStopped: () => boolean): Promise<void> => this.#check(isStopped);
    const everyMs = (): number => untilCheckMs(options.clock);
    this.stop = runPeriodically({ clock: options.clock, firstMs: everyMs(), everyMs, run });
  }

  async #check(isStopped: () => boolean): Promise<void> {
    const { awaitingRecords, ends, onStuck } = this.#options;
    const present = awaitingRecords();
    const still = present.filter((ref) => this.#last.get(partitionKey(ref))?.offset === ref.offset);
    let highs: ReadonlyMap<string, number>;
    try {
      highs = still.length === 0 ? new Map() : await ends(still);
    } catch {
      // Unresponsive brokers are not a stuck partition; other checks detect them.
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
