import {
  type CommandSpec,
  countOf,
  fieldsOf,
  type Given,
  inPath,
  type OptionSpec,
  pageOptions,
  textOf,
} from '../command.ts';
import { CommandFailed, exitCodes } from '../exit-codes.ts';
import { requestsAt } from '../requests-at.ts';

const path = '/v1/webhooks/dead-letters';
const at = requestsAt(path);
const atJobs = requestsAt('/v1/webhooks/dead-letter-jobs');
const id = [{ name: 'id', says: 'the id of the dead letter' }] as const;
const job = [{ name: 'id', says: 'the id of the job, job_…' }] as const;
const one = 'dl_2c26b46b68ffc68ff99b453c1d304134';
const oneJob = 'job_2c26b46b68ffc68ff99b453c1d304134';

const filters: readonly OptionSpec[] = [
  { flags: '--event <id>', says: 'those of this event, evt_…' },
  { flags: '--subscription <id>', says: 'those to this subscription, sub_…' },
  { flags: '--consumer <id>', says: 'those to this consumer' },
  { flags: '--type <name>', says: 'those of events of this type' },
  { flags: '--reason <reason>', says: 'exhausted, disabled, backlog-full, undecodable …' },
  { flags: '--kind <kind>', says: 'delivery, or poison: records that nobody could work on' },
  { flags: '--after <time>', says: 'those recorded after this time, RFC 3339' },
  { flags: '--before <time>', says: 'those recorded before this time, RFC 3339' },
];
const filterNames = {
  event_id: 'event',
  subscription_id: 'subscription',
  consumer_id: 'consumer',
  event_type: 'type',
  reason: 'reason',
  kind: 'kind',
  recorded_after: 'after',
  recorded_before: 'before',
};
const filterOf = (given: Given) => fieldsOf(given, filterNames);

const many: readonly OptionSpec[] = [
  ...filters,
  { flags: '--all', says: 'all of them, instead of a filter' },
  { flags: '--dry-run', says: 'only count them' },
];
const oneOrMany = [{ ...id[0], optional: true }] as const;

/** What to send to the API for one or for many; throws CommandFailed when it is not clear which are meant. */
function selectionOf(
  given: Given,
): Readonly<{ below: string; selection: Readonly<Record<string, unknown>> }> {
  const filter = Object.fromEntries(
    Object.entries(filterOf(given)).filter(([, value]) => value !== undefined),
  );
  const ways = [given.args['id'] !== '', given.options['all'] === true, Object.keys(filter).length > 0];
  if (ways.filter(Boolean).length !== 1) {
    const message = 'Say which dead letters are meant: an id, a filter, or --all, and only one of these.';
    throw new CommandFailed(exitCodes.usage, message);
  }
  const [isOne, isAll] = ways;
  const isDry = given.options['dryRun'] === true;
  if (!isOne) return { below: '', selection: { ...(isAll ? { all: true } : { filter }), dry_run: isDry } };
  if (isDry) throw new CommandFailed(exitCodes.usage, '--dry-run is for a filter or --all, not for one id.');
  return { below: `/${inPath(given, 'id')}`, selection: {} };
}

const readCommands: readonly CommandSpec[] = [
  {
    name: 'dead-letters list',
    says: 'list dead letters, newest first',
    options: [
      ...filters,
      { flags: '--state <state>', says: 'waiting, redriving, redriven, delivered or discarded' },
      ...pageOptions,
    ],
    examples: [
      'dead-letters list --state waiting',
      'dead-letters list --reason exhausted --after 2026-01-01T00:00:00Z',
    ],
    view: {
      columns: [
        ['ID', 'id'],
        ['STATE', 'state'],
        ['REASON', 'reason'],
        ['TYPE', 'event_type'],
        ['SUBSCRIPTION', 'subscription_id'],
        ['ATTEMPTS', 'attempt_count'],
        ['LAST', 'last_status_code'],
        ['RECORDED', 'recorded_at'],
      ],
    },
    request: at.list({ ...filterNames, state: 'state' }),
  },
  {
    name: 'dead-letters count',
    says: 'count dead letters by kind, reason and state',
    options: filters,
    examples: ['dead-letters count', 'dead-letters count --consumer acme'],
    view: {
      columns: [
        ['KIND', 'kind'],
        ['REASON', 'reason'],
        ['STATE', 'state'],
        ['COUNT', 'count'],
        ['OLDEST', 'oldest_at'],
      ],
    },
    request: (given) => ({ method: 'GET', path: `${path}/counts`, query: filterOf(given) }),
  },
  {
    name: 'dead-letters get',
    says: 'show a dead letter with its command, attempts and body',
    args: id,
    examples: [`dead-letters get ${one}`],
    view: 'object',
    request: at.get(),
  },
];

const writeCommands: readonly CommandSpec[] = [
  {
    name: 'dead-letters redrive',
    says: 'send one, those of a filter, or all again, by a job that is shown',
    args: oneOrMany,
    options: [
      ...many,
      { flags: '--rate <n>', says: 'at most so many a second, of a filter or --all' },
      { flags: '--to-origin', says: 'one poison record, back to the topic it came from' },
    ],
    examples: [
      `dead-letters redrive ${one}`,
      'dead-letters redrive --reason exhausted --consumer acme --dry-run',
      'dead-letters redrive --all --rate 50',
    ],
    view: 'object',
    request: (given) => {
      const { below, selection } = selectionOf(given);
      const body = {
        ...selection,
        rate_per_second: countOf(given, 'rate'),
        to_origin: given.options['toOrigin'] === true ? true : undefined,
      };
      return { method: 'POST', path: `${path}${below}/redrive`, body };
    },
  },
  {
    name: 'dead-letters discard',
    says: 'give one, those of a filter, or all up for good',
    args: oneOrMany,
    options: [...many, { flags: '--because <text>', says: 'why; is shown with them, and required' }],
    examples: [
      `dead-letters discard ${one} --because 'sent by mail'`,
      "dead-letters discard --type order.test --because 'only tests' --dry-run",
    ],
    view: 'object',
    request: (given) => {
      const { below, selection } = selectionOf(given);
      const body = { ...selection, reason: textOf(given, 'because') };
      return { method: 'POST', path: `${path}${below}/discard`, body };
    },
  },
];

const jobCommands: readonly CommandSpec[] = [
  {
    name: 'dead-letters jobs',
    says: 'list the jobs that redrive or discard many, newest first',
    options: pageOptions,
    examples: ['dead-letters jobs'],
    view: {
      columns: [
        ['ID', 'id'],
        ['ACTION', 'action'],
        ['STATE', 'state'],
        ['DONE', 'done'],
        ['DELIVERED', 'delivered'],
        ['SKIPPED', 'skipped'],
        ['FAILED', 'failed'],
        ['LEFT', 'left'],
        ['CREATED', 'created_at'],
      ],
    },
    request: atJobs.list(),
  },
  {
    name: 'dead-letters job',
    says: 'show a job and how far it is',
    args: job,
    examples: [`dead-letters job ${oneJob}`],
    view: 'object',
    request: atJobs.get(),
  },
  {
    name: 'dead-letters cancel',
    says: 'stop a job: what was sent stays sent, the rest waits again',
    args: job,
    examples: [`dead-letters cancel ${oneJob}`],
    view: 'object',
    request: atJobs.act('cancel'),
  },
];

/** tidings dead-letters … */
export const deadLetterCommands: readonly CommandSpec[] = [...readCommands, ...writeCommands, ...jobCommands];
