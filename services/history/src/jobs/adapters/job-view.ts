import { etaMs } from '../domain/job.ts';
import type { JobStatus } from '../read-jobs.ts';

const isoTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const percentOf = (done: number, total: number | null): number | null => {
  if (total === null) return null;
  return total === 0 ? 100 : Math.min(100, Math.floor((done * 100) / total));
};

/** Returns a job as the API shows it. `nowMs`: an end is never expected before it. */
export const jobView = ({ job, request, total, counts }: JobStatus, nowMs: number): object => ({
  id: job.id,
  kind: job.kind,
  state: job.state,
  request,
  requested_by: job.requestedBy,
  consumer_id: job.ownerId,
  created_at: isoTime(job.createdAtMs),
  started_at: isoTime(job.startedAtMs),
  ended_at: isoTime(job.endedAtMs),
  progress: { total, done: job.done, percent: percentOf(job.done, total), counts },
  eta: isoTime(etaMs(job, total, nowMs)),
  rate_per_second: job.ratePerSecond,
  error: job.error,
});
