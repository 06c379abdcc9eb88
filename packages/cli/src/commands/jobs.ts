import { callApi } from '../api/call-api.ts';
import { requestsAt } from '../api/requests-at.ts';
import { type CommandSpec, inPath, pageOptions } from '../command.ts';
import { type Job, jobRows, progressText } from './job-rows.ts';
import { jobFailure, watchJob } from './watch-job.ts';

const path = '/v1/webhooks/jobs';
const at = requestsAt(path);
const args = [{ name: 'id', description: 'id of the job, job_…' }] as const;
const one = 'job_2c26b46b68ffc68ff99b453c1d304134';

const action = (name: 'pause' | 'resume' | 'cancel', description: string): CommandSpec => ({
  name: `jobs ${name}`,
  description,
  args,
  examples: [`jobs ${name} ${one}`],
  view: { rows: jobRows },
  request: at.act(name),
});

/** tidings jobs … */
export const jobCommands: readonly CommandSpec[] = [
  {
    name: 'jobs list',
    description: 'list jobs, newest first',
    options: [
      {
        flags: '--kind <kind>',
        description:
          'only jobs of this kind: redrive, discard, retry, replay, export, erasure, run_retry or run_cancel',
      },
      {
        flags: '--state <state>',
        description: 'only jobs in this state: queued, running, paused, done, cancelled or failed',
      },
      ...pageOptions,
    ],
    examples: ['jobs list', 'jobs list --kind redrive --state running'],
    view: {
      columns: [
        ['ID', 'id'],
        ['KIND', 'kind'],
        ['STATE', 'state'],
        ['PROGRESS', (job) => progressText(job as Job)],
        ['REQUESTED BY', 'requested_by'],
        ['CREATED', 'created_at'],
        ['EXPECTED END', 'eta'],
      ],
    },
    request: at.list({ kind: 'kind', state: 'state' }),
  },
  {
    name: 'jobs show',
    description: 'show a job and its progress',
    args,
    options: [{ flags: '--watch', description: 'show the progress as a bar until the job has ended' }],
    examples: [`jobs show ${one}`, `jobs show ${one} --watch`],
    view: { rows: jobRows },
    run: async (given, target) => {
      if (given.options['watch'] !== true) {
        return callApi(target, { method: 'GET', path: `${path}/${inPath(given, 'id')}` });
      }
      const id = given.args['id'] ?? '';
      inPath(given, 'id');
      const onProgress = (line: string): void => given.progress(line);
      return watchJob(target, id, { deadlineMs: Number.POSITIVE_INFINITY, onProgress });
    },
    failsWhen: jobFailure,
  },
  action('pause', 'pause a job; it keeps its place'),
  action('resume', 'resume a paused job where it was'),
  action('cancel', 'cancel a job; what it has done stays done'),
];
