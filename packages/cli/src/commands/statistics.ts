import { type CommandSpec, fieldsOf } from '../command.ts';
import { timeOptions, timesOf } from '../input/time-options.ts';

type Figures = Readonly<{
  success_rate: number | null;
  attempt_ms: Quantiles;
  accept_to_delivered_ms: Quantiles;
}>;
type Quantiles = Readonly<{ p50: number | null; p95: number | null; p99: number | null }>;
type Statistics = Readonly<{
  total: object;
  buckets: readonly object[];
  groups: readonly object[] | null;
}>;

const quantiles = (name: 'attempt_ms' | 'accept_to_delivered_ms') => (item: object) => {
  const { p50, p95, p99 } = (item as Figures)[name];
  return p50 === null ? null : `${p50}/${p95}/${p99}`;
};

const percent = (item: object): string | null => {
  const { success_rate: rate } = item as Figures;
  return rate === null ? null : `${(rate * 100).toFixed(2)}%`;
};

const nameOf = (item: object): unknown => {
  const names = ['at', 'consumer_id', 'subscription_id', 'event_type'];
  const name = names.find((one) => Object.hasOwn(item, one));
  return name === undefined ? 'total' : Reflect.get(item, name);
};

/** tidings stats */
export const statisticsCommands: readonly CommandSpec[] = [
  {
    name: 'stats',
    description: 'show counts, success rates and latencies; the last 24 hours by default',
    options: [
      { flags: '--granularity <length>', description: 'minute, hour or day (default: hour)' },
      {
        flags: '--group-by <field>',
        description:
          'consumer, subscription or event_type: a row for each of them instead of one for each time',
      },
      { flags: '--subscription <id>', description: 'only this subscription, sub_…' },
      { flags: '--consumer <id>', description: 'only this consumer' },
      { flags: '--type <name>', description: 'only events of this type' },
      ...timeOptions,
      { flags: '--limit <n>', description: 'maximum number of groups, 1 to 1000 (default: 100)' },
    ],
    examples: [
      'stats',
      'stats --group-by subscription --since 2h --granularity minute',
      'stats --consumer acme --granularity day --from 2026-11-01 --to 2026-11-08 --json',
    ],
    view: {
      items: (body) => {
        const { total, buckets, groups } = body as Statistics;
        return [...(groups ?? buckets), total];
      },
      columns: [
        ['OF', nameOf],
        ['ACCEPTED', 'accepted'],
        ['ATTEMPTS', 'attempts'],
        ['DELIVERED', 'delivered'],
        ['FAILED', 'failed'],
        ['DEAD-LETTERED', 'dead_lettered'],
        ['SUPPRESSED', 'suppressed'],
        ['SUCCESS', percent],
        ['ATTEMPT MS P50/95/99', quantiles('attempt_ms')],
        ['ACCEPT-TO-DELIVERED MS', quantiles('accept_to_delivered_ms')],
      ],
    },
    request: (given) => ({
      method: 'GET',
      path: '/v1/webhooks/stats',
      query: {
        ...fieldsOf(given, {
          ...{ granularity: 'granularity', group_by: 'groupBy', limit: 'limit' },
          ...{ subscription_id: 'subscription', consumer_id: 'consumer', event_type: 'type' },
        }),
        ...timesOf(given, ['from', 'to']),
      },
    }),
  },
];
