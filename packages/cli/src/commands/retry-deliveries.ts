import { type CommandSpec, countOf, type Given, inPath, onceHeader, onceOption, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { filterOf, filterOptions } from './delivery-filters.ts';
import { jobRows } from './job-rows.ts';

const path = '/v1/webhooks/deliveries';
const one = 'dlv_2c26b46b68ffc68ff99b453c1d304134';

const requestOf = (given: Given) => {
  const fields = { subscription_id: textOf(given, 'subscription'), ...filterOf(given) };
  const filter = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const isOne = given.args['id'] !== '';
  if (isOne === Object.keys(filter).length > 0) {
    throw new CommandFailed(exitCodes.usage, 'Exactly one of an id and a filter is required.');
  }
  const dryRun = given.options['dryRun'] === true;
  const rate = countOf(given, 'rate');
  if (!isOne) return { path: `${path}/retry`, body: { filter, rate_per_second: rate, dry_run: dryRun } };
  if (dryRun || rate !== undefined) {
    throw new CommandFailed(exitCodes.usage, '--dry-run and --rate require a filter, not an id.');
  }
  return { path: `${path}/${inPath(given, 'id')}/retry` };
};

/** tidings deliveries retry. */
export const retryCommand: CommandSpec = {
  name: 'deliveries retry',
  description: 'send a delivery again now, with the same webhook-id; or those of a filter, by a job',
  args: [{ name: 'id', description: 'id of the delivery, dlv_…', optional: true }],
  options: [
    ...filterOptions,
    { flags: '--rate <n>', description: 'maximum a second, with a filter' },
    { flags: '--dry-run', description: 'count those of the filter only' },
    onceOption,
  ],
  examples: [
    `deliveries retry ${one}`,
    'deliveries retry --subscription sub_7 --status dead_lettered --since 2h --dry-run',
    'deliveries retry --status failed --type order.* --rate 50',
  ],
  view: { rows: jobRows },
  request: (given) => ({ method: 'POST', ...requestOf(given), headers: onceHeader(given) }),
};
