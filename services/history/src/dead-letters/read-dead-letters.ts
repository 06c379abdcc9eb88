import type { TenantScope } from '../domain/tenant-scope.ts';
import { type Content, type DeadLetter, deadLetterKey } from './domain/dead-letter.ts';
import type { DeadLetterFilters } from './domain/dead-letter-filters.ts';
import type { DeadLetterJob } from './domain/dead-letter-job.ts';
import type { DeadLetterPosition, DeadLetterStore, JobPosition, JobStore } from './ports.ts';

/** One page, newest first; `next` is the start of the following page, null on the last. */
export type DeadLetterPage = Readonly<{
  deadLetters: readonly DeadLetter[];
  next: DeadLetterPosition | null;
}>;

/** Lists the matching dead letters. The position of a dead letter never changes, so no page skips or repeats one. */
export const listDeadLetters = async (
  deadLetters: Pick<DeadLetterStore, 'list'>,
  filters: DeadLetterFilters,
  { limit, after }: Readonly<{ limit: number; after: DeadLetterPosition | null }>,
): Promise<DeadLetterPage> => {
  // One more than requested shows whether there is another page.
  const found = await deadLetters.list(filters, { limit: limit + 1, after });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const isLast = found.length <= limit || last === undefined;
  return {
    deadLetters: page,
    next: isLast ? null : { recordedAtMs: last.recordedAtMs, key: deadLetterKey(last.ref) },
  };
};

/** Reads one dead letter with its content; returns null if it does not exist or is outside the key's scope. */
export const readDeadLetter = async (
  deadLetters: Pick<DeadLetterStore, 'find' | 'readContents'>,
  filters: DeadLetterFilters,
): Promise<Readonly<{ deadLetter: DeadLetter; content: Content | null }> | null> => {
  const deadLetter = await deadLetters.find(filters);
  if (deadLetter === null) return null;
  const contents = await deadLetters.readContents([deadLetter.ref]);
  return { deadLetter, content: contents.get(deadLetterKey(deadLetter.ref)) ?? null };
};

/** A job, and the number of dead letters that it has still to process. */
export type JobStatus = Readonly<{ job: DeadLetterJob; left: number }>;

/** Returns the progress of a job. */
export const jobStatusOf = async (
  deadLetters: Pick<DeadLetterStore, 'countBySubscription'>,
  job: DeadLetterJob,
): Promise<JobStatus> => {
  if (job.state !== 'running') return { job, left: 0 };
  const filters: DeadLetterFilters = { ...job.filters, states: ['waiting', 'redriving'] };
  const ahead = await deadLetters.countBySubscription(filters, job.ranges);
  return { job, left: [...ahead.values()].reduce((sum, count) => sum + count, 0) };
};

/** Lists one page of jobs, newest first; `next` is the start of the following page. */
export const listJobs = async (
  jobs: Pick<JobStore, 'list'>,
  scope: TenantScope,
  { limit, after }: Readonly<{ limit: number; after: JobPosition | null }>,
): Promise<Readonly<{ jobs: readonly DeadLetterJob[]; next: JobPosition | null }>> => {
  const found = await jobs.list(scope, { limit: limit + 1, after });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const isLast = found.length <= limit || last === undefined;
  return { jobs: page, next: isLast ? null : { createdAtMs: last.createdAtMs, id: last.id } };
};
