import type { Job, JobCounts } from '../../jobs/domain/job.ts';
import type { DeadLetterFilters } from './dead-letter-filters.ts';

/** A part of a partition that is still to be processed: from `next` up to but excluding `end`. */
export type OffsetRange = Readonly<{ partition: number; next: number; end: number }>;

/** The task of a job over dead letters. */
export type DeadLetterSpec = Readonly<{
  filters: DeadLetterFilters;
  /** The reason for discarding. */
  reason: string | null;
}>;

/** A job over dead letters. Its checkpoint is what is left of each partition. */
export type DeadLetterJob = Job<DeadLetterSpec, readonly OffsetRange[]>;

/** Returns the range in progress, or undefined at the end of the job. */
export const currentRange = (ranges: readonly OffsetRange[]): OffsetRange | undefined =>
  ranges.find(({ next, end }) => next < end);

/** The counts, and the position in a partition, after one batch. */
export type Progress = Readonly<{ counts: JobCounts; sent: number; partition: number; next: number }>;

/** Returns the ranges after a batch. */
export const moved = (
  ranges: readonly OffsetRange[],
  { partition, next }: Pick<Progress, 'partition' | 'next'>,
): readonly OffsetRange[] => ranges.map((one) => (one.partition === partition ? { ...one, next } : one));
