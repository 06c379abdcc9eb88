import { type Content, type DeadLetter, letterKey } from './domain/dead-letter.ts';
import type { DeadLetterFilters } from './domain/dead-letter-filters.ts';
import type { DeadLetterJob } from './domain/dead-letter-job.ts';
import type { DeadLetterStore, JobPosition, JobStore, JobWalls, LetterPosition } from './ports.ts';

/** One page, newest first; `next` is where the following page begins, null on the last. */
export type LetterPage = Readonly<{ letters: readonly DeadLetter[]; next: LetterPosition | null }>;

/** Lists what the filters let through. A letter's place never changes, so no page skips or repeats one. */
export const listDeadLetters = async (
  letters: Pick<DeadLetterStore, 'list'>,
  filters: DeadLetterFilters,
  { limit, after }: Readonly<{ limit: number; after: LetterPosition | null }>,
): Promise<LetterPage> => {
  // One more than asked for tells whether there is another page.
  const found = await letters.list(filters, { limit: limit + 1, after });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const isLast = found.length <= limit || last === undefined;
  return {
    letters: page,
    next: isLast ? null : { recordedAtMs: last.recordedAtMs, key: letterKey(last.ref) },
  };
};

/** One letter with what it holds; null when there is none, or none that the key can see. */
export const readDeadLetter = async (
  letters: Pick<DeadLetterStore, 'find' | 'readContents'>,
  filters: DeadLetterFilters,
): Promise<Readonly<{ letter: DeadLetter; content: Content | null }> | null> => {
  const letter = await letters.find(filters);
  if (letter === null) return null;
  const contents = await letters.readContents([letter.ref]);
  return { letter, content: contents.get(letterKey(letter.ref)) ?? null };
};

/** A job, and how much of what it was made for is still ahead of it. */
export type JobStanding = Readonly<{ job: DeadLetterJob; left: number }>;

/** How far a job is. */
export const standingOf = async (
  letters: Pick<DeadLetterStore, 'countBySubscription'>,
  job: DeadLetterJob,
): Promise<JobStanding> => {
  if (job.state !== 'running') return { job, left: 0 };
  const filters: DeadLetterFilters = { ...job.filters, states: ['waiting', 'redriving'] };
  const ahead = await letters.countBySubscription(filters, job.stretches);
  return { job, left: [...ahead.values()].reduce((sum, count) => sum + count, 0) };
};

/** One page of jobs, newest first; `next` is where the following page begins. */
export const listJobs = async (
  jobs: Pick<JobStore, 'list'>,
  walls: JobWalls,
  { limit, after }: Readonly<{ limit: number; after: JobPosition | null }>,
): Promise<Readonly<{ jobs: readonly DeadLetterJob[]; next: JobPosition | null }>> => {
  const found = await jobs.list(walls, { limit: limit + 1, after });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const isLast = found.length <= limit || last === undefined;
  return { jobs: page, next: isLast ? null : { createdAtMs: last.createdAtMs, id: last.id } };
};
