import { type CommandSpec, fieldsOf } from '../command.ts';

type Part = Readonly<Record<string, unknown>>;
type System = Readonly<{
  at: string;
  hops: readonly Part[] | null;
  retries: readonly Part[] | null;
  oldest_undelivered_at: string | null;
  breakers: Readonly<{ open: number; half_open: number; data: readonly Part[] }> | null;
  dead_letters: readonly Part[] | null;
  jobs: readonly Part[] | null;
  errors: readonly Part[];
}>;

type Row = readonly [label: string, value: unknown];

/** Returns a row for each item, or one that shows that the part is not known. */
const rowsOf = (label: string, items: readonly Part[] | null, row: (item: Part) => Row): readonly Row[] =>
  items === null ? [[label, 'not known']] : items.map(row);

const since = (at: unknown): string => (typeof at === 'string' ? `, oldest ${at}` : '');

const systemRows = (body: object): readonly Row[] => {
  const { at, hops, retries, breakers, errors, ...system } = body as System;
  return [
    ['read at', at],
    ...rowsOf('lag', hops, ({ name, lag, oldest_at }) => [
      `lag ${String(name)}`,
      `${String(lag)}${since(oldest_at)}`,
    ]),
    ...rowsOf('retries', retries, ({ topic, waiting, due, oldest_at }) => [
      String(topic),
      `${String(waiting)} waiting, ${String(due)} due${since(oldest_at)}`,
    ]),
    ['oldest undelivered', system.oldest_undelivered_at],
    ['breakers', breakers === null ? 'not known' : `${breakers.open} open, ${breakers.half_open} half-open`],
    ...(breakers?.data ?? []).map(
      (breaker): Row => [
        `breaker ${String(breaker['subscription_id'])}`,
        `${String(breaker['state'])} since ${String(breaker['since'])}, probe ${String(breaker['probe_at'])}`,
      ],
    ),
    ...rowsOf('dead letters', system.dead_letters, ({ kind, reason, waiting, oldest_at }) => [
      `dead letters ${String(kind)} ${String(reason)}`,
      `${String(waiting)}${since(oldest_at)}`,
    ]),
    ...rowsOf('jobs', system.jobs, ({ kind, state, count }) => [
      `jobs ${String(kind)}`,
      `${String(count)} ${String(state)}`,
    ]),
    ...errors.map(({ part, detail }): Row => [`error ${String(part)}`, detail]),
  ];
};

/** tidings system, tidings breakers */
export const systemCommands: readonly CommandSpec[] = [
  {
    name: 'system',
    description:
      'show the state of the installation: lag, retries, circuit breakers, jobs; requires the scope platform',
    examples: ['system', 'system --json'],
    view: { rows: systemRows },
    request: () => ({ method: 'GET', path: '/v1/webhooks/system' }),
  },
  {
    name: 'breakers',
    description: 'list the circuit breakers that are not closed: endpoints that are being rested',
    options: [{ flags: '--subscription <id>', description: 'only that of this subscription, sub_…' }],
    examples: ['breakers', 'breakers --subscription sub_… --json'],
    view: {
      items: (body) => (body as Readonly<{ data: readonly object[] }>).data,
      columns: [
        ['SUBSCRIPTION', 'subscription_id'],
        ['CONSUMER', 'consumer_id'],
        ['STATE', 'state'],
        ['FAILING SINCE', 'since'],
        ['NEXT PROBE', 'probe_at'],
      ],
    },
    request: (given) => ({
      method: 'GET',
      path: '/v1/webhooks/breakers',
      query: fieldsOf(given, { subscription_id: 'subscription' }),
    }),
  },
];
