import type { Schemas } from '../../api/client.ts';
import { jobTexts } from '../../texts/jobs.ts';
import type { Tone } from '../values/status-badge.tsx';

/** A job as the API shows it. */
export type Job = Schemas['Job'];

/** The weight of a job's state. */
export const jobTones: Readonly<Record<Job['state'], Tone>> = {
  queued: 'quiet',
  running: 'busy',
  paused: 'warn',
  done: 'good',
  cancelled: 'quiet',
  failed: 'bad',
};

/** Returns true if a job may still change by itself. */
export const isJobOpen = ({ state }: Pick<Job, 'state'>): boolean =>
  state === 'queued' || state === 'running';

/** Returns true if a job has ended, for whatever reason. */
export const isJobOver = ({ state }: Pick<Job, 'state'>): boolean =>
  state === 'done' || state === 'cancelled' || state === 'failed';

/** Returns true for a replay that only counts. */
export const isDryRun = ({ request }: Pick<Job, 'request'>): boolean => request['dry_run'] === true;

/** Returns the progress in words: `7 of 12`. */
export function progressWords({ progress: { total, done } }: Pick<Job, 'progress'>): string {
  return total === null ? jobTexts.so(done) : jobTexts.of(done, total);
}

const wordsOf = (kind: Job['kind']): Readonly<Record<string, string>> => {
  if (kind === 'replay') return jobTexts.replayCounts;
  return kind === 'run_retry' || kind === 'run_cancel' ? jobTexts.runCounts : jobTexts.counts;
};

/**
 * Returns the counts of a job with what they mean, in the order of their meaning; those that are 0 are left out, and one
 * of a newer release has its own name.
 */
export function countWords({
  kind,
  progress,
}: Pick<Job, 'kind' | 'progress'>): readonly (readonly [text: string, count: number])[] {
  const words = wordsOf(kind);
  const names = Object.keys(words);
  const place = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length);
  return Object.entries(progress.counts)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => place(a) - place(b))
    .map(([name, count]) => [words[name] ?? name, count]);
}
