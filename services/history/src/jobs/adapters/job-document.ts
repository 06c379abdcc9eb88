import { consumerId, type JobState, workspaceId } from '@tidings/contracts';
import { plainCollection } from '@tidings/mongodb';
import { Schema } from 'mongoose';
import type { Job, JobCounts, JobKindName, Pace } from '../domain/job.ts';

/** A job in MongoDB. Times that are only compared are epoch milliseconds. */
export type JobDocument = Readonly<{
  _id: string;
  kind: JobKindName;
  workspace_id: string;
  owner_id: string | null;
  requested_by: string;
  /** JSON text: no query uses it, and its names may contain what MongoDB reserves. */
  spec_json: string;
  checkpoint_json: string;
  state: JobState;
  is_due: boolean;
  revision: number;
  total: number | null;
  done: number;
  counts: JobCounts;
  rate_per_second: number | null;
  pace: Pace | null;
  created_at_ms: number;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  failures: number;
  error: string | null;
  claim: string;
  claimed_until_ms: number;
  progress_offset: number;
  traceparent?: string;
}>;

/** The schema of the collection, with its indexes. */
export const jobSchema = new Schema<JobDocument>({ _id: String }, { ...plainCollection, collection: 'jobs' });
jobSchema.index({ workspace_id: 1, created_at_ms: -1, _id: -1 });
jobSchema.index({ is_due: 1, claimed_until_ms: 1 });

/** Returns the document of a job. */
export const toDocument = (job: Job): JobDocument => ({
  _id: job.id,
  kind: job.kind,
  workspace_id: job.workspaceId,
  owner_id: job.ownerId,
  requested_by: job.requestedBy,
  spec_json: JSON.stringify(job.spec),
  checkpoint_json: JSON.stringify(job.checkpoint),
  state: job.state,
  is_due: job.isDue,
  revision: job.revision,
  total: job.total,
  done: job.done,
  counts: job.counts,
  rate_per_second: job.ratePerSecond,
  pace: job.pace,
  created_at_ms: job.createdAtMs,
  started_at_ms: job.startedAtMs,
  ended_at_ms: job.endedAtMs,
  failures: job.failures,
  error: job.error,
  claim: job.claim,
  claimed_until_ms: job.claimedUntilMs,
  progress_offset: job.progressOffset,
  ...(job.traceparent !== undefined && { traceparent: job.traceparent }),
});

/** Returns the job of a document. */
export const fromDocument = (document: JobDocument): Job => ({
  id: document._id,
  kind: document.kind,
  workspaceId: workspaceId(document.workspace_id),
  ownerId: document.owner_id === null ? null : consumerId(document.owner_id),
  requestedBy: document.requested_by,
  spec: JSON.parse(document.spec_json) as unknown,
  checkpoint: JSON.parse(document.checkpoint_json) as unknown,
  state: document.state,
  isDue: document.is_due,
  revision: document.revision,
  total: document.total,
  done: document.done,
  counts: document.counts,
  ratePerSecond: document.rate_per_second,
  pace: document.pace,
  createdAtMs: document.created_at_ms,
  startedAtMs: document.started_at_ms,
  endedAtMs: document.ended_at_ms,
  failures: document.failures,
  error: document.error,
  claim: document.claim,
  claimedUntilMs: document.claimed_until_ms,
  progressOffset: document.progress_offset,
  ...(document.traceparent !== undefined && { traceparent: document.traceparent }),
});
