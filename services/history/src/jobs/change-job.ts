import { AppError, type Clock } from '@tidings/runtime';
import type { TenantScope } from '../domain/tenant-scope.ts';
import type { Job } from './domain/job.ts';
import { changeOf, type JobAction } from './domain/job-change.ts';
import type { JobKinds } from './job-kind.ts';
import type { JobStore } from './ports.ts';

/** The dependencies of changing a job. */
export type ChangeParts = Readonly<{
  jobs: Pick<JobStore, 'find' | 'change'>;
  kinds: Pick<JobKinds, 'get'>;
  clock: Clock;
  wake: () => void;
}>;

/** Returns a job within a scope. Throws AppError `not-found`: one outside cannot be told from one that does not exist. */
export const findJob = async (
  { jobs }: Readonly<{ jobs: Pick<JobStore, 'find'> }>,
  id: string,
  scope: TenantScope,
): Promise<Job> => {
  const job = await jobs.find(id, scope);
  if (job === null) throw new AppError({ code: 'not-found', message: `There is no job '${id}'.` });
  return job;
};

const refuseIfBegun = (kinds: ChangeParts['kinds'], job: Job, action: JobAction): void => {
  const kind = kinds.get(job.kind);
  if (action === 'resume' || kind?.carriedOutBy !== 'history') return;
  const message = kind.refuseChange?.(job) ?? null;
  if (message !== null) throw new AppError({ code: 'conflict', message });
};

/**
 * Pauses, resumes or cancels a job. One that is as requested, or has ended, is unchanged. Throws AppError `conflict` if
 * its kind does not permit the change any more.
 */
export const changeJob = async (
  parts: ChangeParts,
  action: JobAction,
  { id, scope }: Readonly<{ id: string; scope: TenantScope }>,
): Promise<Job> => {
  for (;;) {
    const job = await findJob(parts, id, scope);
    const change = changeOf(job, action, parts.clock.nowMs());
    if (change === null) return job;
    refuseIfBegun(parts.kinds, job, action);
    // A run that has saved meanwhile changes the state, another caller the revision: then the job is read again.
    if (!(await parts.jobs.change(job, change))) continue;
    parts.wake();
    return { ...job, ...change, revision: job.revision + 1 };
  }
};
