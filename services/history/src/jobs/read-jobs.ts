import { hasEnded, type Job, type JobCounts } from './domain/job.ts';
import type { JobKind, JobKinds } from './job-kind.ts';
import type { JobFilters, JobPosition, JobStore } from './ports.ts';

/** A job, its request as the API shows it, its total, as far as it is known, and all its counts. */
export type JobStatus = Readonly<{ job: Job; request: object; total: number | null; counts: JobCounts }>;

const totalOf = async (job: Job, kind: JobKind | undefined): Promise<number | null> => {
  if (job.total !== null) return job.total;
  if (hasEnded(job)) return job.state === 'done' ? job.done : null;
  const left = kind?.carriedOutBy === 'history' ? await kind.countLeft?.(job) : undefined;
  return left === undefined ? null : job.done + left;
};

/** Returns the status of a job. The total of a job that has ended is what it has done, if it was not known before. */
export const jobStatusOf = async (kinds: Pick<JobKinds, 'get'>, job: Job): Promise<JobStatus> => {
  const kind = kinds.get(job.kind);
  const outcomes = kind?.carriedOutBy === 'worker' ? await kind.countOutcomes?.(job) : undefined;
  return {
    job,
    request: kind?.requestView(job.spec) ?? {},
    total: await totalOf(job, kind),
    counts: { ...job.counts, ...outcomes },
  };
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
