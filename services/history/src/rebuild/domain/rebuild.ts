/** A partition that a rebuild reads: from `low`, the first offset of the log, to before `end`. */
export type RebuiltPartition = Readonly<{
  topic: string;
  partition: number;
  low: number;
  end: number;
  /** Everything before it is stored. */
  next: number;
  /** Log time of the first record, epoch milliseconds; null if the log has none before `end`. */
  firstMs: number | null;
}>;

/**
 * The state of a rebuild, which survives its process:
 *
 *   clearing ──the old documents are gone──▶ reading ──every partition is at its end──▶ (none)
 */
export type Rebuild = Readonly<{
  phase: 'clearing' | 'reading';
  /** True: what is older than the log's start stays. */
  keepOlder: boolean;
  startedAtMs: number;
  partitions: readonly RebuiltPartition[];
}>;

// Clocks of producers differ, and a partition is only nearly in the order of its times.
const marginMs = 10 * 60_000;

/** Returns the time from which on the log has every record of a partition: -Infinity for all, Infinity for none. */
export const heldFromMs = ({ low, firstMs }: Pick<RebuiltPartition, 'low' | 'firstMs'>): number => {
  if (low === 0) return -Infinity;
  return firstMs === null ? Infinity : firstMs + marginMs;
};

/** Returns the time from which on the log has every record of all partitions of a topic. */
export const topicHeldFromMs = (partitions: readonly RebuiltPartition[], topic: string): number =>
  Math.max(-Infinity, ...partitions.filter((one) => one.topic === topic).map(heldFromMs));

/** Numbers of records: all of a rebuild, and those that are done with. */
export type Progress = Readonly<{ total: number; done: number }>;

/** Returns the progress of these partitions. */
export const progressOf = (partitions: readonly RebuiltPartition[]): Progress => ({
  total: partitions.reduce((sum, { low, end }) => sum + end - low, 0),
  done: partitions.reduce((sum, { low, next }) => sum + next - low, 0),
});

/** Returns the partitions with one of them read up to before `next`. */
export const advancedTo = (
  partitions: readonly RebuiltPartition[],
  { topic, partition }: Pick<RebuiltPartition, 'topic' | 'partition'>,
  next: number,
): readonly RebuiltPartition[] =>
  partitions.map((one) => (one.topic === topic && one.partition === partition ? { ...one, next } : one));
