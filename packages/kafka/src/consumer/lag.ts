import type { Logger } from '@tidings/observability';
import { type Clock, runPeriodically } from '@tidings/runtime';
import type { Admin } from 'kafkajs';
import {
  type PartitionRef,
  partitionKey,
  type RunPartitionsOptions,
  type TopicPartitionLag,
} from '../bus.ts';
import { detailOf } from '../client/errors.ts';
import type { LogPosition } from './partition-source.ts';
import { untilCheckMs } from './shared-ends.ts';

/** Progress of the work on one partition. */
export type PartitionProgress = Readonly<{
  ref: PartitionRef;
  isOpen: boolean;
  /** Everything below this offset is done. */
  committable: number;
  /** Log time of the oldest record that was passed on and is not done. */
  oldestTimestampMs: number | undefined;
}>;

export type LagWatchOptions = Readonly<{
  clock: Clock;
  logger: Logger;
  progress: () => Iterable<PartitionProgress>;
  /** Returns the end of the log of each partition, by {@link partitionKey}. */
  ends: (refs: readonly PartitionRef[]) => Promise<ReadonlyMap<string, number>>;
  onLag: (records: number) => void;
}>;

// Soon after the start, when partitions are assigned; rarely after that, since each check queries the brokers.
const firstMs = 1_000;

/** Returns the age of the oldest record that is not done; 0 if there is none. */
export function oldestAgeMs(workers: Iterable<PartitionProgress>, nowMs: number): number {
  let ageMs = 0;
  for (const { oldestTimestampMs = nowMs } of workers) ageMs = Math.max(ageMs, nowMs - oldestTimestampMs);
  return ageMs;
}

/**
 * Fetches every 30 s how far the ends of the logs are ahead of the finished offsets. Returns a function that stops it.
 */
export function watchLag({ clock, logger, progress, ends, onLag }: LagWatchOptions): () => void {
  const measure = async (isStopped: () => boolean): Promise<void> => {
    try {
      const highs = await ends([...progress()].filter(({ isOpen }) => isOpen).map(({ ref }) => ref));
      let records = 0;
      // Read again: work went on during the request.
      for (const { ref, isOpen, committable } of progress()) {
        if (isOpen) records += Math.max(0, (highs.get(partitionKey(ref)) ?? 0) - committable);
      }
      if (!isStopped()) onLag(records);
    } catch (error) {
      // The runner reports unavailable brokers; here only a measurement is missing.
      logger.debug({ detail: detailOf(error) }, 'lag.unavailable');
    }
  };
  return runPeriodically({ clock, firstMs, everyMs: () => untilCheckMs(clock), run: measure });
}

/** Returns the part of a lag that lies below `end`. */
export function lagUntil(lag: TopicPartitionLag, end: bigint): TopicPartitionLag {
  const highOffset = end < lag.highOffset ? end : lag.highOffset;
  const behind = highOffset - lag.committedOffset;
  return { ...lag, highOffset, lagRecords: behind > 0n ? behind : 0n };
}

/** Tells a question about topics how it takes a partition without a leader: nobody knows the ends of its log. */
export type Leaderless = 'an-error' | 'left-out';

/** Positions of one partition. */
export type PartitionPosition = Readonly<{ ref: PartitionRef; position: LogPosition }>;

/**
 * Returns the positions of the group and the log in each partition of the topics. Does not fetch the metadata of a
 * topic by itself: kafkajs would then forget those of the other topics and fetch them again for each.
 */
export async function fetchTopicPositions(
  admin: Admin,
  group: string,
  { topics, leaderless }: Readonly<{ topics: readonly string[]; leaderless: Leaderless }>,
): Promise<readonly PartitionPosition[]> {
  const [commits, ends] = await Promise.all([
    admin.fetchOffsets({ groupId: group, topics: [...topics] }),
    fetchTopicEnds(admin, topics, leaderless),
  ]);
  const committed = new Map(
    commits.flatMap(({ topic, partitions }) =>
      partitions.map(
        ({ partition, offset }) => [partitionKey({ topic, partition }), Number(offset)] as const,
      ),
    ),
  );
  return ends.map(({ ref, low, high }) => {
    const offset = committed.get(partitionKey(ref)) ?? -1;
    // −1: never committed; −2: kafkajs has "committed" the earliest offset after an offset out of range.
    return { ref, position: { committed: offset < 0 ? null : offset, low, high } };
  });
}

/** The group whose positions are read, and those that read its topics before it. */
export type PositionsOf<T> = Pick<RunPartitionsOptions<T>, 'group' | 'formerGroup'>;

/** Returns the positions of these partitions by {@link partitionKey}. Partitions that do not exist, or have no leader, are left out. */
export async function fetchPositions<T>(
  admin: Admin,
  { group, formerGroup }: PositionsOf<T>,
  refs: readonly PartitionRef[],
): Promise<ReadonlyMap<string, LogPosition>> {
  const wanted = new Set(refs.map(partitionKey));
  const found = new Map<string, LogPosition>();
  const read = async (from: string, topics: readonly string[]): Promise<readonly PartitionPosition[]> => {
    const all = await fetchTopicPositions(admin, from, { topics, leaderless: 'left-out' });
    return all.filter(({ ref }) => wanted.has(partitionKey(ref)));
  };
  const uncommitted = new Set<string>();
  for (const { ref, position } of await read(group, topicsOf(refs))) {
    found.set(partitionKey(ref), position);
    if (position.committed === null) uncommitted.add(ref.topic);
  }
  if (formerGroup === undefined) return found;
  for (const topic of uncommitted) {
    for (const { ref, position } of await read(formerGroup(topic), [topic])) {
      if (found.get(partitionKey(ref))?.committed === null) found.set(partitionKey(ref), position);
    }
  }
  return found;
}

/** Returns the ends of the logs of at least these partitions by {@link partitionKey}, without those that have no leader. */
export async function fetchEnds(
  admin: Admin,
  refs: readonly PartitionRef[],
): Promise<ReadonlyMap<string, number>> {
  return offsetsOf(await admin.fetchTopicEnds(topicsOf(refs), false, true));
}

const offsetsOf = (found: Awaited<ReturnType<Admin['fetchTopicEnds']>>): ReadonlyMap<string, number> =>
  new Map(
    found.flatMap(({ topic, partitions }) =>
      partitions.map(
        ({ partition, offset }) => [partitionKey({ topic, partition }), Number(offset)] as const,
      ),
    ),
  );

type TopicEnds = Readonly<{ ref: PartitionRef; low: number; high: number }>;

/** Returns the ends of the logs of every partition of these topics. */
export async function fetchTopicEnds(
  admin: Admin,
  topics: readonly string[],
  leaderless: Leaderless = 'an-error',
): Promise<readonly TopicEnds[]> {
  if (topics.length === 0) return [];
  const isOmitted = leaderless === 'left-out';
  const highs = await admin.fetchTopicEnds(topics, false, isOmitted);
  const lows = offsetsOf(await admin.fetchTopicEnds(topics, true, isOmitted));
  return highs.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => {
      const ref = { topic, partition };
      return { ref, low: lows.get(partitionKey(ref)) ?? 0, high: Number(offset) };
    }),
  );
}

const topicsOf = (refs: readonly PartitionRef[]): string[] => [...new Set(refs.map(({ topic }) => topic))];
