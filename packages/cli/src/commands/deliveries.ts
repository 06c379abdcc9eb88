import { type CommandSpec, fieldsOf, pageOptions, pageQuery } from '../command.ts';
import { requestsAt } from '../requests-at.ts';
import { timeOptions, timesOf } from '../time-options.ts';

const path = '/v1/webhooks/deliveries';
const at = requestsAt(path);
const filterNames = {
  event_id: 'event',
  subscription_id: 'subscription',
  status: 'status',
  consumer_id: 'consumer',
  event_type: 'type',
};

/** tidings deliveries … */
export const deliveryCommands: readonly CommandSpec[] = [
  {
    name: 'deliveries list',
    description: 'list deliveries, newest first',
    options: [
      { flags: '--event <id>', description: 'only those of this event, evt_…' },
      { flags: '--subscription <id>', description: 'only those to this subscription, sub_…' },
      {
        flags: '--status <status>',
        description: 'pending, retrying, delivered, failed, dead_lettered or suppressed',
      },
      { flags: '--consumer <id>', description: 'only those to this consumer' },
      { flags: '--type <name>', description: 'only those of events of this type' },
      ...timeOptions,
      ...pageOptions,
    ],
    examples: [
      'deliveries list --status dead_lettered --since 2h',
      'deliveries list --type order.paid --limit 5',
    ],
    view: {
      columns: [
        ['ID', 'id'],
        ['STATUS', 'status'],
        ['TYPE', 'event_type'],
        ['SUBSCRIPTION', 'subscription_id'],
        ['ATTEMPTS', 'attempt_count'],
        ['LAST', 'last_status_code'],
        ['CREATED', 'created_at'],
      ],
    },
    request: (given) => ({
      method: 'GET',
      path,
      query: {
        ...fieldsOf(given, filterNames),
        ...timesOf(given, ['created_after', 'created_before']),
        ...pageQuery(given),
      },
    }),
  },
  {
    name: 'deliveries get',
    description: 'show a delivery with its attempts',
    args: [{ name: 'id', description: 'id of the delivery, dlv_…' }],
    examples: ['deliveries get dlv_2c26b46b68ffc68ff99b453c1d304134'],
    view: 'object',
    request: at.get(),
  },
];
