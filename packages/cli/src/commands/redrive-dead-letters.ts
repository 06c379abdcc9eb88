import { callApi } from '../api/call-api.ts';
import {
  type CommandSpec,
  countOf,
  type Given,
  inPath,
  type OptionSpec,
  onceHeader,
  onceOption,
  textOf,
} from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { readSeconds } from '../input/read-time.ts';
import { awaitRedrive, type RedriveJob, redriveFailure } from './await-redrive.ts';
import { filterOf, filterOptions } from './dead-letter-filters.ts';
import { jobRows } from './job-rows.ts';

const path = '/v1/webhooks/dead-letters';
const id = [{ name: 'id', description: 'id of the dead letter' }] as const;
const one = 'dl_2c26b46b68ffc68ff99b453c1d304134';

const many: readonly OptionSpec[] = [
  ...filterOptions,
  { flags: '--all', description: 'all dead letters, instead of a filter' },
  { flags: '--dry-run', description: 'count them only' },
  onceOption,
];
const oneOrMany = [{ ...id[0], optional: true }] as const;

/** Returns the path and body for one dead letter or for many. Throws CommandFailed if the selection is ambiguous. */
function selectionOf(
  given: Given,
): Readonly<{ below: string; selection: Readonly<Record<string, unknown>> }> {
  const filter = Object.fromEntries(
    Object.entries(filterOf(given)).filter(([, value]) => value !== undefined),
  );
  const ways = [given.args['id'] !== '', given.options['all'] === true, Object.keys(filter).length > 0];
  if (ways.filter(Boolean).length !== 1) {
    const message = 'Exactly one of an id, a filter and --all is required.';
    throw new CommandFailed(exitCodes.usage, message);
  }
  const [isOne, isAll] = ways;
  const isDry = given.options['dryRun'] === true;
  if (!isOne) return { below: '', selection: { ...(isAll ? { all: true } : { filter }), dry_run: isDry } };
  if (isDry) throw new CommandFailed(exitCodes.usage, '--dry-run requires a filter or --all, not an id.');
  return { below: `/${inPath(given, 'id')}`, selection: {} };
}

/** tidings dead-letters redrive and discard. */
export const redriveCommands: readonly CommandSpec[] = [
  {
    name: 'dead-letters redrive',
    description: 'redrive one dead letter, those of a filter, or all, and show the job',
    args: oneOrMany,
    options: [
      ...many,
      { flags: '--rate <n>', description: 'maximum a second, with a filter or --all' },
      { flags: '--to-origin', description: 'send one poison record back to its topic' },
      {
        flags: '--wait [duration]',
        description:
          'wait for the end of the job and, for one id, for the response of the endpoint (default: 60s)',
      },
    ],
    examples: [
      `dead-letters redrive ${one} --wait`,
      'dead-letters redrive --reason exhausted --consumer acme --dry-run',
      'dead-letters redrive --all --rate 50',
    ],
    view: { rows: jobRows },
    run: async (given, target) => {
      const { below, selection } = selectionOf(given);
      const wait = given.options['wait'];
      const waitSeconds = typeof wait === 'string' ? readSeconds('--wait', wait) : 60;
      const body = {
        ...selection,
        rate_per_second: countOf(given, 'rate'),
        to_origin: given.options['toOrigin'] === true ? true : undefined,
      };
      const headers = onceHeader(given);
      const job = await callApi(target, { method: 'POST', path: `${path}${below}/redrive`, body, headers });
      if (wait === undefined || selection['dry_run'] === true) return job;
      return awaitRedrive(target, job as RedriveJob, { deadLetterId: given.args['id'] ?? '', waitSeconds });
    },
    failsWhen: redriveFailure,
  },
  {
    name: 'dead-letters discard',
    description: 'discard one dead letter, those of a filter, or all',
    args: oneOrMany,
    options: [...many, { flags: '--because <text>', description: 'reason, stored with them; required' }],
    examples: [
      `dead-letters discard ${one} --because 'sent by mail'`,
      "dead-letters discard --type order.test --because 'only tests' --dry-run",
    ],
    view: { rows: jobRows },
    request: (given) => {
      const { below, selection } = selectionOf(given);
      const body = { ...selection, reason: textOf(given, 'because') };
      return { method: 'POST', path: `${path}${below}/discard`, body, headers: onceHeader(given) };
    },
  },
];
