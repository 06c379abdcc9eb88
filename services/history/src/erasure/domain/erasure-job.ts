import type { ErasureScope } from '@tidings/contracts';
import type { Job } from '../../jobs/domain/job.ts';

/** The task of an erasure. */
export type ErasureSpec = Readonly<{
  scope: ErasureScope;
  /** Accepted times, epoch milliseconds, exclusive. */
  beforeMs: number;
  reason: string | null;
}>;

/** The steps of an erasure, in their order. */
export const erasureSteps = [
  'record',
  'settle',
  'events',
  'deliveries',
  'dead-letters',
  'runs',
  'exports',
] as const;
/** See {@link erasureSteps}. */
export type ErasureStep = (typeof erasureSteps)[number];

/** The step in progress, and the position behind the last page of its list; null: at its beginning. */
export type ErasureCheckpoint = Readonly<{
  step: ErasureStep;
  after: unknown;
  /** Time when the record was acknowledged; null before that. */
  recordedAtMs: number | null;
}>;

/** The job of an erasure. */
export type ErasureJob = Job<ErasureSpec, ErasureCheckpoint>;

/** The checkpoint of a new erasure. */
export const firstCheckpoint: ErasureCheckpoint = { step: 'record', after: null, recordedAtMs: null };

/** Returns the request of an erasure as a job shows it. */
export const requestView = ({ scope, beforeMs, reason }: ErasureSpec): object => ({
  ...(scope.kind === 'event' ? { event_id: scope.eventId } : { consumer_id: scope.consumerId }),
  accepted_before: new Date(beforeMs).toISOString(),
  reason,
});
