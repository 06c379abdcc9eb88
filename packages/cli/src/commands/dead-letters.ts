import { requestsAt } from '../api/requests-at.ts';
import { type CommandSpec, pageOptions, pageQuery, textOf } from '../command.ts';
import { filterOf, filterOptions } from './dead-letter-filters.ts';
import { redriveCommands } from './redrive-dead-letters.ts';

const path = '/v1/webhooks/dead-letters';
const at = requestsAt(path);
const id = [{ name: 'id', description: 'id of the dead letter' }] as const;
const one = 'dl_2c26b46b68ffc68ff99b453c1d304134';

const readCommands: readonly CommandSpec[] = [
  {
    name: 'dead-letters list',
    description: 'list dead letters, newest first',
    options: [
      ...filterOptions,
      { flags: '--state <state>', description: 'waiting, redriving, redriven, delivered or discarded' },
      ...pageOptions,
    ],
    examples: ['dead-letters list --state waiting', 'dead-letters list --reason exhausted --since 2h'],
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
    request: (given) => ({
      method: 'GET',
      path,
      query: { ...filterOf(given), state: textOf(given, 'state'), ...pageQuery(given) },
    }),
  },
  {
    name: 'dead-letters count',
    description: 'count dead letters by kind, reason and state',
    options: filterOptions,
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
    description: 'show a dead letter with its command, attempts and body',
    args: id,
    examples: [`dead-letters get ${one}`],
    view: 'object',
    request: at.get(),
  },
];

/** tidings dead-letters … */
export const deadLetterCommands: readonly CommandSpec[] = [...readCommands, ...redriveCommands];
