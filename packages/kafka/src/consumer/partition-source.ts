import type { Logger } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { IncomingRecord, PartitionRef, RunPartitionsOptions } from '../bus.ts';
import type { KafkaMetricHandles } from '../metrics.ts';

/** Where a group stands in a partition. `committed` is null when it never committed. */
export type LogPosition = Readonly<{ committed: number | null; low: number; high: number }>;

/** An offset to commit: the next one to read. */
export type CommitOffset = PartitionRef & Readonly<{ offset: number }>;

/** What was fetched of one partition: from `fetchedOffset` (which was asked for) to before `endOffset`. */
export type FetchedBatch = Readonly<{
  ref: PartitionRef;
  fetchedOffset: number;
  endOffset: number;
  records: Iterable<IncomingRecord>;
}>;

/** The log below a set of lanes: a kafkajs consumer, or the memory bus. */
export type PartitionSource = Readonly<{
  pause(ref: PartitionRef): void;
  resume(ref: PartitionRef): void;
  /** The next fetch of the partition starts here. */
  seek(ref: PartitionRef, offset: number): void;
  /** Positions by {@link partitionKey}. */
  positions(refs: readonly PartitionRef[]): Promise<ReadonlyMap<string, LogPosition>>;
  /** Whether there is a generation to commit in. */
  canCommit(): boolean;
  /** One try, in the present generation. */
  commit(offsets: readonly CommitOffset[]): Promise<void>;
}>;

/** What a set of lanes is made of. `poison` writes a record to dead-letters and resolves after the ack. */
export type AssignedPartitionsOptions<T> = Readonly<{
  run: RunPartitionsOptions<T>;
  source: PartitionSource;
  poison: (record: IncomingRecord, error: unknown) => Promise<void>;
  clock: Clock;
  logger: Logger;
  metrics: KafkaMetricHandles;
}>;

/** A partition as the key of a map. */
export const partitionKey = ({ topic, partition }: PartitionRef): string => `${topic} ${partition}`;

/** Waits before a partition is tried again: after a failed handler, or while its positions cannot be read. */
export const reopenBackoff = { baseMs: 250, maxMs: 30_000, random: Math.random };
