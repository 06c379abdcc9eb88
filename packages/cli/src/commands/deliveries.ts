import {
  type CommandSpec,
  fieldsOf,
  type Given,
  onceOption,
  pageOptions,
  pageQuery,
  textOf,
} from '../command.ts';
import { requestsAt } from '../requests-at.ts';
import { timeOptions, timesOf } from '../time-options.ts';
import { showDelivery } from './show-delivery.ts';

const path = '/v1/webhooks/deliveries';
const at = requestsAt(path);
const filterNames = {
  event_id: 'event',
  status: 'status',
  status_class: 'statusClass',
  reason: 'reason',
  ordering_key: 'orderingKey',
  trigger: 'trigger',
  consumer_id: 'consumer',
  event_type: 'type',
};

// A subscription that does not exist is reported, unlike by a filter that matches nothing.
const ofSubscription = (given: Given): string =>
  `/v1/webhooks/subscriptions/${encodeURIComponent(textOf(given, 'subscription') ?? '')}/deliveries`;

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
      { flags: '--type <name>', description: 'only those of events of this type, or of all below order.*' },
      { flags: '--status-class <class>', description: '2xx, 3xx, 4xx, 5xx, or none: no response was read' },
      { flags: '--reason <reason>', description: 'why it ended, waits or failed last: timeout, exhausted …' },
      { flags: '--ordering-key <key>', description: 'only those of events with this ordering key' },
      { flags: '--trigger <trigger>', description: 'with such an attempt: event, retry, manual, replay …' },
      ...timeOptions,
      ...pageOptions,
    ],
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
        ...fieldsOf(given, filterNames),
        ...timesOf(given, ['created_after', 'created_before']),
        ...pageQuery(given),
      },
    }),
  },
  {
    name: 'deliveries get',
    description: 'show the fields of a delivery; deliveries show formats its attempts',
    args: [{ name: 'id', description: 'id of the delivery, dlv_…' }],
    examples: ['deliveries get dlv_2c26b46b68ffc68ff99b453c1d304134'],
    view: 'object',
    request: at.get(),
  },
  {
    name: 'deliveries retry',
    description: 'send a delivery again now, with the same webhook-id',
    args: [{ name: 'id', description: 'id of the delivery, dlv_…' }],
    options: [onceOption],
    examples: ['deliveries retry dlv_2c26b46b68ffc68ff99b453c1d304134'],
    view: 'object',
    request: at.act('retry'),
  },
  showDelivery,
];
