import { type CommandSpec, pageOptions } from '../command.ts';
import { requestsAt } from '../requests-at.ts';
import { jobRows } from './job-rows.ts';

const at = requestsAt('/v1/webhooks/dead-letter-jobs');
const job = [{ name: 'id', description: 'id of the job, job_…' }] as const;
const one = 'job_2c26b46b68ffc68ff99b453c1d304134';
const names = { noun: 'job', list: 'dead-letters jobs' } as const;

/** tidings dead-letters jobs, job and cancel. */
export const jobCommands: readonly CommandSpec[] = [
  {
    name: 'dead-letters jobs',
    description: 'list the jobs that redrive or discard dead letters, newest first',
    options: pageOptions,
    examples: ['dead-letters jobs'],
    view: {
      columns: [
        ['ID', 'id'],
        ['ACTION', 'action'],
        ['STATE', 'state'],
        ['REDRIVEN OR DISCARDED', 'done'],
        ['DELIVERED BEFORE', 'delivered'],
        ['SKIPPED', 'skipped'],
        ['UNREADABLE', 'failed'],
        ['LEFT', 'left'],
        ['CREATED', 'created_at'],
      ],
    },
    request: at.list(),
  },
  {
    name: 'dead-letters job',
    description: 'show a job and its progress',
    args: job,
    names,
    examples: [`dead-letters job ${one}`],
    view: { rows: jobRows },
    request: at.get(),
  },
  {
    name: 'dead-letters cancel',
    description: 'cancel a job; dead letters that it has not redriven yet wait again',
    args: job,
    names,
    examples: [`dead-letters cancel ${one}`],
    view: { rows: jobRows },
    request: at.act('cancel'),
  },
];
