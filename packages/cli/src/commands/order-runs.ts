import { callApi } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import {
  type CommandSpec,
  countOf,
  fieldsOf,
  type Given,
  inPath,
  type OptionSpec,
  onceHeader,
  onceOption,
} from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { showRows } from '../output/show.ts';
import { type Job, jobRows } from './job-rows.ts';
import { failureOf, failureOptions, runFilterOf, runFilterOptions } from './run-filters.ts';
import { runRows } from './run-rows.ts';
import { jobFailure, watchJob } from './watch-job.ts';

const path = '/v1/webhooks/runs';
const one = 'run_5f0c1d2e3a4b4c5d8e9f0a1b2c3d4e5f';
const args = [{ name: 'id', description: 'id of the run, run_…', optional: true }] as const;

const manyOptions: readonly OptionSpec[] = [
  { flags: '--rate <n>', description: 'maximum a second, of many' },
  { flags: '--dry-run', description: 'count them only' },
  { flags: '--no-wait', description: 'do not wait for the end of the job' },
  onceOption,
];

type Fields = Readonly<Record<string, string | undefined>>;

/** An order for one run, or for many. `everyOne`: the option that selects all of them. */
type Order = Readonly<{
  action: 'retry' | 'cancel';
  everyOne: 'failed' | 'all';
  filter: Fields;
  fields: Fields;
}>;

const usage = (message: string): never => {
  throw new CommandFailed(exitCodes.usage, message);
};

/** Returns the path and the body of the request. Throws CommandFailed unless exactly one run or many are selected. */
const requestOf = (given: Given, { action, everyOne, filter, fields }: Order) => {
  const filters = Object.entries(filter).filter(([, value]) => value !== undefined);
  const isOne = given.args['id'] !== '';
  const isMany = filters.length > 0 || given.options[everyOne] === true;
  const dryRun = given.options['dryRun'] === true;
  const rate = countOf(given, 'rate');
  if (isOne === isMany) usage(`An id, or else --${everyOne} or a filter, is required.`);
  if (isOne && (dryRun || rate !== undefined))
    usage(`--dry-run and --rate require --${everyOne} or a filter, not an id.`);
  if (isOne) return { path: `${path}/${inPath(given, 'id')}/${action}`, body: fields };
  const selection = filters.length > 0 ? { filter: Object.fromEntries(filters) } : { all: true };
  const body = { ...selection, ...fields, rate_per_second: rate, dry_run: dryRun ? true : undefined };
  return { path: `${path}/${action}`, body };
};

const carryOut = async (given: Given, target: Target, order: Order): Promise<unknown> => {
  const headers = onceHeader(given);
  const started = await callApi(target, { method: 'POST', ...requestOf(given, order), headers });
  const isJob = given.args['id'] === '' && given.options['dryRun'] !== true;
  if (!isJob || given.options['wait'] === false) return started;
  const onProgress = (line: string): void => given.progress(line);
  return watchJob(target, (started as Job).id, { deadlineMs: Number.POSITIVE_INFINITY, onProgress });
};

const showOrdered = (body: object): string => ('app' in body ? runRows(body) : showRows(jobRows(body)));

/** tidings runs retry and cancel. */
export const orderCommands: readonly CommandSpec[] = [
  {
    name: 'runs retry',
    description: 'continue a failed run, or many, from the step that failed; what succeeded stays',
    args,
    options: [
      { flags: '--failed', description: 'all failed runs, or those of the filters' },
      ...runFilterOptions,
      ...failureOptions,
      ...manyOptions,
    ],
    examples: [
      `runs retry ${one}`,
      'runs retry --failed --app shop --since 2h --dry-run',
      'runs retry --failed --step make-invoice --rate 20',
    ],
    view: { text: showOrdered },
    run: async (given, target) => {
      const filter = { ...runFilterOf(given), ...failureOf(given) };
      return carryOut(given, target, { action: 'retry', everyOne: 'failed', filter, fields: {} });
    },
    failsWhen: jobFailure,
  },
  {
    name: 'runs cancel',
    description: 'end a run, or many: no further step begins, and nothing is compensated',
    args,
    options: [
      { flags: '--reason <text>', description: 'shown with the run' },
      { flags: '--all', description: 'all runs that have not ended, in place of a filter' },
      { flags: '--status <status>', description: 'only runs that are running or waiting' },
      ...runFilterOptions,
      ...manyOptions,
    ],
    examples: [
      `runs cancel ${one} --reason 'ordered twice'`,
      "runs cancel --app shop --status waiting --reason 'the shop is closed'",
    ],
    view: { text: showOrdered },
    run: async (given, target) => {
      const filter = { ...fieldsOf(given, { status: 'status' }), ...runFilterOf(given) };
      const fields = fieldsOf(given, { reason: 'reason' });
      return carryOut(given, target, { action: 'cancel', everyOne: 'all', filter, fields });
    },
    failsWhen: jobFailure,
  },
];
