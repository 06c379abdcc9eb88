import type { ConsumerId, WorkspaceId } from '@tidings/contracts';
import type { DeadLetterFilters } from './dead-letter-filters.ts';

/** What a job does with each dead letter that it finds. */
export const jobActions = ['redrive', 'discard'] as const;

/** running ──end reached──▶ done; running ──asked to──▶ cancelled; running ──fails again and again──▶ failed */
export const jobStates = ['running', 'done', 'cancelled', 'failed'] as const;

/** A part of a partition: what lies from `next` up to `end`, not counting `end`, is still to be done. */
export type OffsetRange = Readonly<{ partition: number; next: number; end: number }>;

/**
 * settled: sent again, or discarded. delivered: found to have succeeded since. skipped: left where it is, since its
 * subscription receives nothing now. failed: could not be read back.
 */
export type JobCounts = Readonly<{ settled: number; delivered: number; skipped: number; failed: number }>;

/**
 * Work on dead letters, as it is stored. It goes on where it stands whoever does it: `claim` names the run that has it,
 * and a run that has not shown itself by `claimedUntilMs` is taken for dead.
 */
export type DeadLetterJob = Readonly<{
  id: string;
  action: (typeof jobActions)[number];
  workspaceId: WorkspaceId;
  /** The consumer of the key that asked for it. */
  ownerId: ConsumerId | null;
  filters: DeadLetterFilters;
  /** A key, or `enable` when the subscription was enabled. */
  by: string;
  /** Why it discards. */
  reason: string | null;
  ratePerSecond: number;
  state: (typeof jobStates)[number];
  /** True until nothing is left to do for it; a cancelled one has to let go of what it had taken. */
  isOpen: boolean;
  ranges: readonly OffsetRange[];
  counts: JobCounts;
  createdAtMs: number;
  endedAtMs: number | null;
  /** Failures in a row, and the last one's text. */
  failures: number;
  error: string | null;
  claim: string;
  claimedUntilMs: number;
}>;

/** Where a job is at work, or undefined when it has reached its end. */
export const currentRange = ({ ranges }: DeadLetterJob): OffsetRange | undefined =>
  ranges.find(({ next, end }) => next < end);

/** What one turn has done, and how far it came. */
export type Progress = Readonly<{ counts: JobCounts; partition: number; next: number }>;

/** The job after a turn. */
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

// A second holds about five turns, and no turn holds more than MongoDB and the producer take in one go.
const batchesPerSecond = 5;
const maxBatchSize = 100;

/** How many letters a turn takes. Discarding sends nothing, so only its writes bound it. */
export const batchSize = ({
  action,
  ratePerSecond,
}: Pick<DeadLetterJob, 'action' | 'ratePerSecond'>): number =>
  action === 'discard'
    ? 500
    : Math.max(1, Math.min(maxBatchSize, Math.ceil(ratePerSecond / batchesPerSecond)));

/** How long a turn that sent so many has to last. */
export const batchMs = (
  { action, ratePerSecond }: Pick<DeadLetterJob, 'action' | 'ratePerSecond'>,
  sent: number,
): number => (action === 'discard' ? 0 : (sent * 1_000) / ratePerSecond);

/** Nothing done yet. */
export const noCounts: JobCounts = { settled: 0, delivered: 0, skipped: 0, failed: 0 };

/** What a job is made of; the rest of it begins empty. */
export type JobOrder = Pick<
  DeadLetterJob,
  'id' | 'action' | 'workspaceId' | 'ownerId' | 'filters' | 'by' | 'reason' | 'ratePerSecond' | 'ranges'
>;

/** A job of which nothing is done yet, for anyone to claim. */
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
