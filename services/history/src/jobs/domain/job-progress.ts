import type { JobProgressed } from '@tidings/contracts';
import { hasEnded, type Job, paceAfter } from './job.ts';

/** A progress record of the jobs topic, with its offset. */
export type RecordedProgress = Readonly<{ progress: JobProgressed; offset: number }>;

/**
 * Returns the job after a progress record of its worker, null if a later record was applied before. The state of the
 * worker counts only if it knew the newest order: else it would undo a pause that it has not seen.
 */
export const projected = (job: Job, { progress, offset }: RecordedProgress): Job | null => {
  if (offset <= job.progressOffset) return null;
  const { checkpoint, counts, total, done, error, startedAtMs, updatedAtMs, state } = progress;
  const next = {
    ...job,
    ...{ checkpoint, counts, total, done, error, startedAtMs },
    pace: paceAfter(job.pace, Math.max(0, done - job.done), updatedAtMs),
    progressOffset: offset,
  };
  if (progress.revision < job.revision) return next;
  return { ...next, state, endedAtMs: hasEnded({ state }) ? updatedAtMs : null };
};
