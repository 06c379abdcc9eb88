import { type CommandSpec, fieldsOf, textOf } from '../command.ts';

type Group = Readonly<{
  subscription_id: string;
  consumer_id: string | null;
  reasons?: readonly object[];
}>;

const rowsOf = (body: object): readonly object[] =>
  ((body as Readonly<{ data?: readonly Group[] }>).data ?? []).flatMap(
    ({ subscription_id, consumer_id, reasons = [] }) =>
      reasons.map((reason) => ({ subscription_id, consumer_id, ...reason })),
  );

/** tidings deliveries undelivered */
export const undeliveredCommand: CommandSpec = {
  name: 'deliveries undelivered',
  description: 'count what has not been delivered, by subscription and reason',
  options: [
    { flags: '--consumer <id>', description: 'only those to this consumer' },
    { flags: '--subscription <id>', description: 'only those to this subscription, sub_…' },
    {
      flags: '--limit <n>',
      description: 'how many subscriptions, those with the most first: 1 to 1000 (100)',
    },
  ],
  examples: ['deliveries undelivered', 'deliveries undelivered --consumer acme'],
  view: {
    columns: [
      ['SUBSCRIPTION', 'subscription_id'],
      ['CONSUMER', 'consumer_id'],
      ['STATUS', 'status'],
      ['REASON', 'reason'],
      ['LAST', 'last_reason'],
      ['CODE', 'last_status_code'],
      ['COUNT', 'count'],
      ['OLDEST', 'oldest_at'],
      ['NEXT', 'next_attempt_at'],
    ],
    items: rowsOf,
  },
  request: (given) => ({
    method: 'GET',
    path: '/v1/webhooks/deliveries/undelivered',
    query: {
      ...fieldsOf(given, { consumer_id: 'consumer', subscription_id: 'subscription' }),
      limit: textOf(given, 'limit'),
    },
  }),
};
