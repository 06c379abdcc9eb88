import { requestsAt } from '../api/requests-at.ts';
import { type CommandSpec, type Given, pageOptions, pageQuery, textOf } from '../command.ts';
import { filterOf, filterOptions } from './delivery-filters.ts';
import { deliveryRows } from './delivery-rows.ts';
import { retryCommand } from './retry-deliveries.ts';
import { showDelivery } from './show-delivery.ts';
import { undeliveredCommand } from './undelivered.ts';

const path = '/v1/webhooks/deliveries';
const at = requestsAt(path);
// A subscription that does not exist is reported, unlike by a filter that matches nothing.
const ofSubscription = (given: Given): string =>
  `/v1/webhooks/subscriptions/${encodeURIComponent(textOf(given, 'subscription') ?? '')}/deliveries`;

/** tidings deliveries … */
export const deliveryCommands: readonly CommandSpec[] = [
  {
    name: 'deliveries list',
    description: 'list deliveries, newest first',
    options: [...filterOptions, ...pageOptions],
    examples: [
      'deliveries list --status dead_lettered --since 2h',
      'deliveries list --type order.paid --limit 5',
      'deliveries list --subscription sub_7 --status-class 5xx --type order.*',
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
      path: textOf(given, 'subscription') === undefined ? path : ofSubscription(given),
      query: {
        ...filterOf(given),
        ...pageQuery(given),
      },
    }),
  },
  {
    name: 'deliveries get',
    description:
      'show a delivery with a table of its attempts; deliveries show has their requests and responses',
    args: [{ name: 'id', description: 'id of the delivery, dlv_…' }],
    examples: ['deliveries get dlv_2c26b46b68ffc68ff99b453c1d304134'],
    view: { text: deliveryRows },
    request: at.get(),
  },
  undeliveredCommand,
  retryCommand,
  showDelivery,
];
