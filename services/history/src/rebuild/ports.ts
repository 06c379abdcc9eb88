import type { Rebuild, RebuiltPartition } from './domain/rebuild.ts';

/** Numbers of documents by collection. */
export type DocumentCounts = Readonly<Record<string, number>>;

/** The documents that a rebuild replaces, and its state. Methods reject with AppError `unavailable`. */
export type RebuildStore = Readonly<{
  /**
   * Returns the state of the rebuild that has not ended, and when its process last said that it is alive; null if there is
   * none.
   */
  find(): Promise<Readonly<{ rebuild: Rebuild; aliveAtMs: number }> | null>;
  /** Saves the state. While there is one, no history service opens the database. */
  save(rebuild: Rebuild): Promise<void>;
  /** Saves that the process of the rebuild is alive. */
  keepAlive(nowMs: number): Promise<void>;
  /** Removes the state: services open the database again. */
  end(): Promise<void>;
  /** Counts the documents that {@link RebuildStore.clear} removes. */
  count(rebuild: Pick<Rebuild, 'keepOlder' | 'partitions'>): Promise<DocumentCounts>;
  /** Removes what the log has; without `keepOlder`, everything that is read from it. */
  clear(rebuild: Pick<Rebuild, 'keepOlder' | 'partitions'>): Promise<void>;
}>;

/** One topic of a rebuild: reads its records into the stores. */
export type TopicProjection = Readonly<{
  topic: string;
  /** Reads one chunk of a partition; returns what to write, in a function. */
  read(partition: number, from: number, until: number): Promise<() => Promise<void>>;
  /** Maximum number of records in a chunk. */
  chunkRecords: number;
}>;

/** Positions of the log. */
export type RebuildLog = Readonly<{
  /** Returns the partitions to read: up to where the service has committed, since it continues there. */
  partitions(): Promise<readonly RebuiltPartition[]>;
  /** Returns the consumer groups of the service that have members, with their number. */
  groupsInUse(): Promise<ReadonlyMap<string, number>>;
}>;
