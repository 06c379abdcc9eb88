import type { Logger } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { IncomingRecord, PartitionRef, RunPartitionsOptions } from '../bus.ts';
import type { KafkaMetricHandles } from '../metrics.ts';

/** Default of `commitIntervalMs`. */
export const defaultCommitIntervalMs = 500;

/** Position of a group in a partition. `committed` is null if it never committed. */
export type LogPosition = Readonly<{ committed: number | null; low: number; high: number }>;

/** Offset to commit: the next one to read. */
export type CommitOffset = PartitionRef & Readonly<{ offset: number }>;

/** Result of a fetch of one partition: from the requested `fetchedOffset` to before `endOffset`. */
export type FetchedBatch = Readonly<{
  ref: PartitionRef;
  fetchedOffset: number;
  endOffset: number;
  records: Iterable<IncomingRecord>;
}>;

/** Log below assigned partitions: a kafkajs consumer, or the memory bus. */
export type PartitionSource = Readonly<{
  pause(ref: PartitionRef): void;
  resume(ref: PartitionRef): void;
  /** Starts the next fetch of the partition here. */
  seek(ref: PartitionRef, offset: number): void;
  /** Returns positions by `partitionKey`. */
  positions(refs: readonly PartitionRef[]): Promise<ReadonlyMap<string, LogPosition>>;
  /** Returns true while there is a generation to commit in. */
  canCommit(): boolean;
  /** Tries once to commit, in the current generation. */
  commit(offsets: readonly CommitOffset[]): Promise<void>;
}>;

/** Options of assigned partitions. `poison` writes a record to dead-letters and resolves after the ack. */
export type AssignedPartitionsOptions<T> = Readonly<{
  run: RunPartitionsOptions<T>;
  source: PartitionSource;
  poison: (record: IncomingRecord, error: unknown) => Promise<void>;
  clock: Clock;
  logger: Logger;
  metrics: KafkaMetricHandles;
}>;

/** Delays before a partition is tried again: after a failed handler, or while its positions cannot be read. */
export const reopenBackoff = { baseMs: 250, maxMs: 30_000, random: Math.random };
