import { hasEnded, type Job } from './domain/job.ts';
import type { JobKinds } from './job-kind.ts';
import type { JobFilters, JobPosition, JobStore } from './ports.ts';

/** A job, its request as the API shows it, and its total, as far as it is known. */
export type JobStatus = Readonly<{ job: Job; request: object; total: number | null }>;

/** Returns the status of a job. The total of a job that has ended is what it has done, if it was not known before. */
export const jobStatusOf = async (kinds: Pick<JobKinds, 'get'>, job: Job): Promise<JobStatus> => {
  const kind = kinds.get(job.kind);
  const request = kind?.requestView(job.spec) ?? {};
  if (job.total !== null) return { job, request, total: job.total };
  if (hasEnded(job)) return { job, request, total: job.state === 'done' ? job.done : null };
  const left = kind?.carriedOutBy === 'history' ? await kind.countLeft?.(job) : undefined;
  return { job, request, total: left === undefined ? null : job.done + left };
};

/** Lists one page of jobs, newest first; `next` is the start of the following page. */
export const listJobs = async (
  jobs: Pick<JobStore, 'list'>,
  filters: JobFilters,
  { limit, after }: Readonly<{ limit: number; after: JobPosition | null }>,
): Promise<Readonly<{ jobs: readonly Job[]; next: JobPosition | null }>> => {
  // One more than requested shows whether there is another page.
  const found = await jobs.list(filters, { limit: limit + 1, after });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const isLast = found.length <= limit || last === undefined;
  return { jobs: page, next: isLast ? null : { createdAtMs: last.createdAtMs, id: last.id } };
};
