import type { Logger } from '@tidings/observability';
import { type Clock, runPeriodically } from '@tidings/runtime';
import type { Admin } from 'kafkajs';
import type { PartitionRef, TopicPartitionLag } from '../bus.ts';
import { reasonOf } from '../client/errors.ts';
import { type LogPosition, partitionKey } from './partition-source.ts';

/** How far the work on one partition is. */
export type PartitionProgress = Readonly<{
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
  progress: () => Iterable<PartitionProgress>;
  /** End of the log of each partition, by {@link partitionKey}. */
  ends: (refs: readonly PartitionRef[]) => Promise<ReadonlyMap<string, number>>;
  onLag: (records: number) => void;
}>;

// Soon after the start, when partitions are assigned; then seldom, for the brokers are asked.
const firstMs = 1_000;
const everyMs = 15_000;

/** Age of the oldest record that is not done; 0 when there is none. */
export function oldestAgeMs(workers: Iterable<PartitionProgress>, nowMs: number): number {
  let ageMs = 0;
  for (const { oldestTimestampMs = nowMs } of workers) ageMs = Math.max(ageMs, nowMs - oldestTimestampMs);
  return ageMs;
}

/** Asks every 15 s how far the ends of the logs are from what is done. Returns what stops it. */
export function watchLag({ clock, logger, progress, ends, onLag }: LagWatchOptions): () => void {
  const measure = async (isStopped: () => boolean): Promise<void> => {
    try {
      const highs = await ends([...progress()].filter(({ isOpen }) => isOpen).map(({ ref }) => ref));
      let records = 0;
      // Looked at again: work went on while the brokers were asked.
      for (const { ref, isOpen, committable } of progress()) {
        if (isOpen) records += Math.max(0, (highs.get(partitionKey(ref)) ?? 0) - committable);
      }
      if (!isStopped()) onLag(records);
    } catch (error) {
      // The runner tells of brokers that are away; here only a figure is missing.
      logger.debug({ reason: reasonOf(error) }, 'lag.unavailable');
    }
  };
  return runPeriodically({ clock, firstMs, everyMs, task: measure });
}

/** The part of a lag that lies below `end`. */
export function lagUntil(lag: TopicPartitionLag, end: bigint): TopicPartitionLag {
  const highOffset = end < lag.highOffset ? end : lag.highOffset;
  const behind = highOffset - lag.committedOffset;
  return { ...lag, highOffset, lagRecords: behind > 0n ? behind : 0n };
}

/** Where the group and the log stand in each of the partitions. Partitions that do not exist are left out. */
export async function fetchPositions(
  admin: Admin,
  group: string,
  refs: readonly PartitionRef[],
): Promise<ReadonlyMap<string, LogPosition>> {
  const wanted = new Set(refs.map(partitionKey));
  const topics = [...new Set(refs.map(({ topic }) => topic))];
  const [commits, ends] = await Promise.all([
    admin.fetchOffsets({ groupId: group, topics }),
    Promise.all(topics.map(async (topic) => ({ topic, partitions: await admin.fetchTopicOffsets(topic) }))),
  ]);
  const committed = new Map(
    commits.flatMap(({ topic, partitions }) =>
      partitions.map(
        ({ partition, offset }) => [partitionKey({ topic, partition }), Number(offset)] as const,
      ),
    ),
  );
  const positions = new Map<string, LogPosition>();
  for (const { topic, partitions } of ends) {
    for (const { partition, high, low } of partitions) {
      const key = partitionKey({ topic, partition });
      if (!wanted.has(key)) continue;
      const offset = committed.get(key) ?? -1;
      // −1: never committed; −2: kafkajs has "committed" the earliest after an offset out of range.
      positions.set(key, { committed: offset < 0 ? null : offset, low: Number(low), high: Number(high) });
    }
  }
  return positions;
}
