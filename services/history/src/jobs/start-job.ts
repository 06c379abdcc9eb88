import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '@tidings/runtime';
import { type Job, type NewJob, newJob } from './domain/job.ts';
import type { JobStore } from './ports.ts';

/** The dependencies of starting a job. `wake` triggers a poll for jobs. */
export type StartParts = Readonly<{
  jobs: Pick<JobStore, 'insert' | 'findAnywhere'>;
  clock: Clock;
  wake: () => void;
}>;

/** Creates the id of a job. */
export const newJobId = (): string => `job_${randomUUID().replaceAll('-', '')}`;

/** Derives the id of a job from its purpose: every instance that finds the same work creates the same job, once. */
export const derivedJobId = (...parts: readonly (string | number)[]): string =>
  `job_${createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 32)}`;

/** Stores a new job, and wakes the runner. A job that exists was created by an earlier run of the same request. */
export const startJob = async ({ jobs, clock, wake }: StartParts, order: NewJob): Promise<Job> => {
  const job = newJob(order, clock.nowMs());
  const isNew = await jobs.insert(job);
  wake();
  return isNew ? job : ((await jobs.findAnywhere(job.id)) ?? job);
};
