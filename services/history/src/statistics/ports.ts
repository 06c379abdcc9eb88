import type { TenantScope } from '../domain/tenant-scope.ts';
import type { BucketRef, Granularity } from './domain/bucket.ts';
import type { Cell } from './domain/cell.ts';
import type { ChangedCells } from './domain/count-facts.ts';

/** A stored document: the last offset that it contains, and its cells by path. */
export type StoredBucket = Readonly<{ offset: number; cells: ReadonlyMap<string, Cell> }>;

/** One change: applied if the document contains everything up to `expected` and nothing more. */
export type BucketChange = Readonly<{
  bucket: BucketRef;
  expected: number;
  offset: number;
  changed: ChangedCells;
}>;

/** The buckets to read. `startMs` is inclusive, `endMs` exclusive. */
export type BucketQuery = TenantScope &
  Readonly<{
    granularity: Granularity;
    startMs: number;
    endMs: number;
    subscriptionId?: string;
    /** False: the cells of consumers are enough. */
    isByRow: boolean;
  }>;

/** One cell of one bucket. `subscriptionId` and `eventType` are null in a cell of a consumer. */
export type BucketCell = Readonly<{
  startMs: number;
  consumerId: string | null;
  subscriptionId: string | null;
  eventType: string | null;
  cell: Cell;
}>;

/**
 * The statistics. Every write is to single documents. All methods reject with AppError `unavailable` if the store cannot
 * be reached.
 */
export type StatisticsStore = Readonly<{
  /** Returns the state of these documents by key, and creates those that do not exist, with offset −1. */
  open(buckets: readonly BucketRef[]): Promise<ReadonlyMap<string, StoredBucket>>;
  /** Applies the changes whose `expected` is met; returns their number. */
  apply(changes: readonly BucketChange[]): Promise<number>;
  /** Returns the cells in the scope, in no order. */
  read(query: BucketQuery): AsyncIterable<BucketCell>;
  /** Removes up to `limit` documents whose retention has passed at that time; returns their number. */
  purge(nowMs: number, limit: number): Promise<number>;
  /** Removes up to `limit` documents of a workspace whose buckets ended before that time; returns their number. */
  purgeOf(workspaceId: string, beforeMs: number, limit: number): Promise<number>;
}>;

/** The attempts topic, as far as repeats are recognised. */
export type AttemptLog = Readonly<{
  /** Calls with the ids and offsets of the attempts that count in a range, in order. */
  read(
    range: Readonly<{ partition: number; from: number; until: number }>,
    onAttempt: (attempt: string, offset: number) => void,
  ): Promise<void>;
}>;
