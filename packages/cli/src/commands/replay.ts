import { callApi } from '../api/call-api.ts';
import {
  type CommandSpec,
  countOf,
  type Given,
  jsonOf,
  type OptionSpec,
  onceHeader,
  onceOption,
  textOf,
} from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { readTime } from '../input/read-time.ts';
import { type Job, jobRows } from './job-rows.ts';
import { jobFailure, watchJob } from './watch-job.ts';

const options: readonly OptionSpec[] = [
  {
    flags: '--from <time>',
    description: 'only events accepted since then: a time, a day, or 2h for two hours ago',
  },
  { flags: '--to <time>', description: 'only events accepted before then (default: now)' },
  { flags: '--types <type...>', description: 'only events of these types, such as order.paid or order.*' },
  { flags: '--filter <json>', description: 'only events whose data pass this filter' },
  {
    flags: '--to-subscription <id>',
    description: 'to this subscription, which may be newer than the events',
  },
  { flags: '--missing', description: 'to all that match now, but only what was never delivered' },
  { flags: '--all', description: 'to all that match now' },
  { flags: '--as-new', description: 'give the webhooks new ids, so that receivers process them again' },
  {
    flags: '--hold-live',
    description: 'let live events of the ordered --to-subscription wait until the replay has ended',
  },
  { flags: '--rate <n>', description: 'maximum webhooks a second for each endpoint' },
  { flags: '--dry-run', description: 'only count what would be sent' },
  { flags: '--no-wait', description: 'do not wait for the end of the job' },
  onceOption,
];

/** Returns the target that the options select. Throws CommandFailed unless it is exactly one. */
function targetOf(given: Given): object {
  const subscription = textOf(given, 'toSubscription');
  const targets = [
    ...(subscription === undefined ? [] : [{ subscription_id: subscription }]),
    ...(given.options['missing'] === true ? [{ missing: true }] : []),
    ...(given.options['all'] === true ? [{ all: true }] : []),
  ];
  const [target, ...others] = targets;
  if (target !== undefined && others.length === 0) return target;
  const message = 'Exactly one of --to-subscription, --missing and --all is required.';
  throw new CommandFailed(exitCodes.usage, message);
}

async function replayOf(given: Given): Promise<object> {
  const from = textOf(given, 'from');
  const to = textOf(given, 'to');
  if (from === undefined) throw new CommandFailed(exitCodes.usage, '--from is required.');
  return {
    from: readTime('--from', from),
    to: to === undefined ? undefined : readTime('--to', to),
    types: given.options['types'],
    filter: await jsonOf(given, 'filter'),
    target: targetOf(given),
    as_new: given.options['asNew'] === true ? true : undefined,
    hold_live: given.options['holdLive'] === true ? true : undefined,
    rate_per_second: countOf(given, 'rate'),
    dry_run: given.options['dryRun'] === true ? true : undefined,
  };
}

/** tidings replay. */
export const replayCommands: readonly CommandSpec[] = [
  {
    name: 'replay',
    description: 'deliver events of the log again, and show the progress of the job',
    options,
    examples: [
      'replay --from 2026-11-22T10:00:00Z --to 2026-11-22T12:00:00Z --missing',
      'replay --from 7d --to-subscription sub_2b1f --types order.*',
      'replay --from 2h --all --as-new --dry-run',
      'replay --from 2h --to-subscription sub_2b1f --hold-live',
    ],
    view: { rows: jobRows },
    run: async (given, target) => {
      const body = await replayOf(given);
      const headers = onceHeader(given);
      const job = (await callApi(target, {
        method: 'POST',
        path: '/v1/webhooks/replays',
        body,
        headers,
      })) as Job;
      if (given.options['wait'] === false) return job;
      const onProgress = (line: string): void => given.progress(line);
      return watchJob(target, job.id, { deadlineMs: Number.POSITIVE_INFINITY, onProgress });
    },
    failsWhen: jobFailure,
  },
];
