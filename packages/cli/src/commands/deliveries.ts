import { type CommandSpec, pageOptions } from '../command.ts';
import { requestsAt } from '../requests-at.ts';

const at = requestsAt('/v1/webhooks/deliveries');

/** tidings deliveries … */
export const deliveryCommands: readonly CommandSpec[] = [
  {
    name: 'deliveries list',
    says: 'list deliveries, newest first',
    options: [
      { flags: '--event <id>', says: 'those of this event, evt_…' },
      { flags: '--subscription <id>', says: 'those to this subscription, sub_…' },
      {
        flags: '--status <status>',
        says: 'pending, retrying, delivered, failed, dead_lettered or suppressed',
      },
      { flags: '--consumer <id>', says: 'those to this consumer' },
      { flags: '--type <name>', says: 'those of events of this type' },
      ...pageOptions,
    ],
    examples: ['deliveries list --status dead_lettered', 'deliveries list --type order.paid --limit 5'],
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
    request: at.list({
      event_id: 'event',
      subscription_id: 'subscription',
      status: 'status',
      consumer_id: 'consumer',
      event_type: 'type',
    }),
  },
  {
    name: 'deliveries get',
    says: 'show a delivery with its attempts',
    args: [{ name: 'id', says: 'the id of the delivery, dlv_…' }],
    examples: ['deliveries get dlv_2c26b46b68ffc68ff99b453c1d304134'],
    view: 'object',
    request: at.get(),
  },
];
