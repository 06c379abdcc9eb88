import { setTimeout as wait } from 'node:timers/promises';
import { callApi } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Job, progressText } from './job-rows.ts';

const endStates: readonly string[] = ['done', 'cancelled', 'failed'];

/** Returns true if the job has ended. */
const hasEnded = ({ state }: Pick<Job, 'state'>): boolean => endStates.includes(state);

/** Returns why a job has not done its work, for the exit code; null if it has, or may still do it. */
export const jobFailure = (body: object): CommandFailed | null => {
  const { state, error } = body as Job;
  if (state !== 'failed') return null;
  return new CommandFailed(exitCodes.refused, `The job failed: ${String(error)}`);
};

// The first poll is early, since most jobs are small; the interval then grows.
const firstPauseMs = 100;
const maxPauseMs = 2_000;

/** Polls until there is a result, and returns it; null if there is none at the deadline (`performance.now()`). */
export async function until<T>(deadlineMs: number, poll: () => Promise<T | null>): Promise<T | null> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
    const found = await poll();
    if (found !== null) return found;
    if (performance.now() + pauseMs > deadlineMs) return null;
    await wait(pauseMs);
  }
}

const barWidth = 30;

/** Returns the progress of a job as a line with a bar. */
function progressBar(job: Job): string {
  const { percent } = job.progress;
  const filled = Math.round(((percent ?? 0) * barWidth) / 100);
  const bar = `${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}`;
  const end = job.eta === null ? '' : `, expected end ${job.eta}`;
  return `[${bar}] ${job.state}, ${progressText(job)}${end}`;
}

/** Options of {@link watchJob}. */
export type WatchOptions = Readonly<{ deadlineMs: number; onProgress: (line: string) => void }>;

/**
 * Waits for the end of a job, and reports its progress whenever it has changed. Returns the job as it was read last, and
 * null if it has not ended by the deadline.
 */
export async function watchJob(
  target: Target,
  id: string,
  { deadlineMs, onProgress }: WatchOptions,
): Promise<Job | null> {
  let shown = '';
  return until(deadlineMs, async () => {
    const path = `/v1/webhooks/jobs/${encodeURIComponent(id)}`;
    const job = (await callApi(target, { method: 'GET', path })) as Job;
    // The expected end moves with every poll: it alone is no progress.
    const line = progressBar({ ...job, eta: null });
    if (line !== shown) onProgress(progressBar(job));
    shown = line;
    return hasEnded(job) ? job : null;
  });
}
