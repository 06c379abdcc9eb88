import type { Logger } from '@tidings/observability';
import { type Clock, repeatTurns } from '@tidings/runtime';
import type { PartitionRef } from './bus.ts';
import { reasonOf } from './kafka-errors.ts';
import { laneKey } from './lane-source.ts';

/** How far the work on one partition is. */
export type LaneProgress = Readonly<{
  ref: PartitionRef;
  isOpen: boolean;
  /** Everything below this offset is done. */
  committable: number;
  /** Time in the log of the oldest record that was handed on and is not done. */
  oldestTimestampMs: number | undefined;
}>;

export type LagWatchOptions = Readonly<{
  clock: Clock;
  logger: Logger;
  progress: () => Iterable<LaneProgress>;
  /** End of the log of each partition, by {@link laneKey}. */
  ends: (refs: readonly PartitionRef[]) => Promise<ReadonlyMap<string, number>>;
  onLag: (records: number) => void;
}>;

// Soon after the start, when partitions are assigned; then seldom, for the brokers are asked.
const firstMs = 1_000;
const everyMs = 15_000;

/** Age of the oldest record that is not done; 0 when there is none. */
export function oldestAgeMs(lanes: Iterable<LaneProgress>, nowMs: number): number {
  let ageMs = 0;
  for (const { oldestTimestampMs = nowMs } of lanes) ageMs = Math.max(ageMs, nowMs - oldestTimestampMs);
  return ageMs;
}

/** Asks every 15 s how far the ends of the logs are from what is done. Returns what stops it. */
export function watchLag({ clock, logger, progress, ends, onLag }: LagWatchOptions): () => void {
  const ask = async (isStopped: () => boolean): Promise<void> => {
    try {
      const highs = await ends([...progress()].filter(({ isOpen }) => isOpen).map(({ ref }) => ref));
      let records = 0;
      // Looked at again: work went on while the brokers were asked.
      for (const { ref, isOpen, committable } of progress()) {
        if (isOpen) records += Math.max(0, (highs.get(laneKey(ref)) ?? 0) - committable);
      }
      if (!isStopped()) onLag(records);
    } catch (error) {
      // The runner tells of brokers that are away; here only a figure is missing.
      logger.debug({ reason: reasonOf(error) }, 'lag.unknown');
    }
  };
  return repeatTurns({ clock, firstMs, everyMs, turn: ask });
}
