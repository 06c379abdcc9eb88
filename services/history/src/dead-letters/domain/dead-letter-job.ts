import type { ConsumerId, WorkspaceId } from '@tidings/contracts';
import type { DeadLetterFilters } from './dead-letter-filters.ts';

/** The action of a job on each matching dead letter. */
export const jobActions = ['redrive', 'discard'] as const;

/** running ──end reached──▶ done; running ──cancelled by request──▶ cancelled; running ──repeated failures──▶ failed */
export const jobStates = ['running', 'done', 'cancelled', 'failed'] as const;

/** A part of a partition that is still to be processed: from `next` up to but excluding `end`. */
export type OffsetRange = Readonly<{ partition: number; next: number; end: number }>;

/**
 * settled: redriven or discarded. delivered: found to have succeeded since. skipped: unchanged, because its
 * subscription currently receives nothing. failed: its content could not be read.
 */
export type JobCounts = Readonly<{ settled: number; delivered: number; skipped: number; failed: number }>;

/**
 * A stored job over dead letters. Any run can continue it: `claim` names the run that processes it, and a run that has
 * not renewed its claim by `claimedUntilMs` is considered dead.
 */
export type DeadLetterJob = Readonly<{
  id: string;
  action: (typeof jobActions)[number];
  workspaceId: WorkspaceId;
  /** The consumer of the key that created the job. */
  ownerId: ConsumerId | null;
  filters: DeadLetterFilters;
  /** A key, or `enable` if enabling the subscription created the job. */
  by: string;
  /** The reason for discarding. */
  reason: string | null;
  ratePerSecond: number;
  state: (typeof jobStates)[number];
  /** True until no work is left; a cancelled job must still release its dead letters. */
  isOpen: boolean;
  ranges: readonly OffsetRange[];
  counts: JobCounts;
  createdAtMs: number;
  endedAtMs: number | null;
  /** Consecutive failures, and the text of the last one. */
  failures: number;
  error: string | null;
  claim: string;
  claimedUntilMs: number;
}>;

/** Returns the range in progress, or undefined at the end of the job. */
export const currentRange = ({ ranges }: DeadLetterJob): OffsetRange | undefined =>
  ranges.find(({ next, end }) => next < end);

/** The counts and the position after one batch. */
export type Progress = Readonly<{ counts: JobCounts; partition: number; next: number }>;

/** Returns the job after a batch. */
export const advanced = (job: DeadLetterJob, { counts, partition, next }: Progress): DeadLetterJob => ({
  ...job,
  failures: 0,
  error: null,
  ranges: job.ranges.map((one) => (one.partition === partition ? { ...one, next } : one)),
  counts: {
    settled: job.counts.settled + counts.settled,
    delivered: job.counts.delivered + counts.delivered,
    skipped: job.counts.skipped + counts.skipped,
    failed: job.counts.failed + counts.failed,
  },
});

// A second holds about five batches, and no batch exceeds what MongoDB and the producer accept at once.
const batchesPerSecond = 5;
const maxBatchSize = 100;

/** Returns the number of dead letters in a batch. Discarding sends nothing, so only its writes limit it. */
export const batchSize = ({
  action,
  ratePerSecond,
}: Pick<DeadLetterJob, 'action' | 'ratePerSecond'>): number =>
  action === 'discard'
    ? 500
    : Math.max(1, Math.min(maxBatchSize, Math.ceil(ratePerSecond / batchesPerSecond)));

/** Returns the minimum duration of a batch that sent this many. */
export const batchMs = (
  { action, ratePerSecond }: Pick<DeadLetterJob, 'action' | 'ratePerSecond'>,
  sent: number,
): number => (action === 'discard' ? 0 : (sent * 1_000) / ratePerSecond);

/** Counts before any progress. */
export const noCounts: JobCounts = { settled: 0, delivered: 0, skipped: 0, failed: 0 };

/** The input of a new job; the other fields have initial values. */
export type JobOrder = Pick<
  DeadLetterJob,
  'id' | 'action' | 'workspaceId' | 'ownerId' | 'filters' | 'by' | 'reason' | 'ratePerSecond' | 'ranges'
>;

/** Returns a new job without progress, which any run can claim. */
export const newJob = (order: JobOrder, nowMs: number): DeadLetterJob => ({
  ...order,
  state: 'running',
  isOpen: true,
  counts: noCounts,
  createdAtMs: nowMs,
  endedAtMs: null,
  failures: 0,
  error: null,
  claim: '',
  claimedUntilMs: 0,
});
