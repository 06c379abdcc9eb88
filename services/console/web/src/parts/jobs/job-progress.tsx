import { useQuery } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import { jobTexts } from '../../texts/jobs.ts';
import { Time } from '../values/time.tsx';
import styles from './job-progress.module.css';
import { countWords, isJobOpen, type Job, jobTones, progressWords } from './job-words.ts';
import { ProgressBar } from './progress-bar.tsx';

const openMs = 1_000;
// A paused job changes when somebody else resumes it; the outcomes of a replay grow after its end.
const idleMs = 5_000;
const lingerMs = 60_000;

const refreshMs = (job: Job | undefined): number | false => {
  if (job === undefined) return false;
  if (isJobOpen(job)) return openMs;
  if (job.state === 'paused') return idleMs;
  const endedMs = Date.parse(job.ended_at ?? '');
  return job.kind === 'replay' && Date.now() - endedMs < lingerMs ? idleMs : false;
};

/** Reads a job, and again as long as it changes. */
export const useJob = (id: string | undefined) =>
  useQuery({
    queryKey: ['job', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/jobs/{id}', { params: { path: { id: id ?? '' } }, signal })),
    enabled: id !== undefined,
    refetchInterval: ({ state: { data } }) => refreshMs(data),
  });

/** The bar of a job. */
export function JobBar({ job }: Readonly<{ job: Job }>) {
  const { state, progress } = job;
  return (
    <ProgressBar
      label={jobTexts.progress}
      percent={state === 'done' ? 100 : progress.percent}
      text={progressWords(job)}
      tone={jobTones[state]}
    />
  );
}

/** Progress, expected end and counts of a job. */
export function JobProgress({ job }: Readonly<{ job: Job }>) {
  const counts = countWords(job);
  return (
    <div className={styles.progress}>
      <JobBar job={job} />
      {job.error !== null && <p className={styles.error}>{job.error}</p>}
      {job.state === 'running' && job.eta !== null && (
        <p className={styles.soft}>
          {jobTexts.eta}: <Time at={job.eta} isExact isPlanned />
        </p>
      )}
      {counts.length > 0 && (
        <dl className={styles.counts}>
          {counts.map(([text, count]) => (
            <div key={text}>
              <dt>{text}</dt>
              <dd>{count.toLocaleString()}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
