import { hasEnded, type Job } from './job.ts';

/** The actions of a caller on a job. */
export const jobActions = ['pause', 'resume', 'cancel'] as const;
/** See {@link jobActions}. */
export type JobAction = (typeof jobActions)[number];

/** The fields of a job that a caller's action changes. A run has to see each change, so the job becomes due. */
export type JobChange = Pick<Job, 'state' | 'endedAtMs'> & Readonly<{ isDue: true }>;

const targets = { pause: 'paused', resume: 'queued', cancel: 'cancelled' } as const;

/** Returns the change of an action; null if the job is as requested or has ended, so that a repeat changes nothing. */
export const changeOf = (job: Job, action: JobAction, nowMs: number): JobChange | null => {
  if (hasEnded(job)) return null;
  if (action !== 'cancel' && (action === 'pause') === (job.state === 'paused')) return null;
  return { state: targets[action], isDue: true, endedAtMs: action === 'cancel' ? nowMs : null };
};

/** Returns the job of a run after a caller has changed the stored one: the progress of the run, the caller's state. */
export const adopted = (mine: Job, { state, isDue, revision, endedAtMs }: Job): Job => ({
  ...mine,
  state: state === 'queued' ? 'running' : state,
  isDue,
  revision,
  endedAtMs,
});
