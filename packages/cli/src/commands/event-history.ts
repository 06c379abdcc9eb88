import { requestsAt } from '../api/requests-at.ts';
import { type CommandSpec, fieldsOf, inPath, pageOptions, pageQuery } from '../command.ts';
import { timeOptions, timesOf } from '../input/time-options.ts';

const path = '/v1/webhooks/events';
const filterNames = {
  type: 'type',
  source: 'source',
  consumer_id: 'consumer',
  ordering_key: 'orderingKey',
  caller_id: 'id',
  text: 'text',
};

const countOf =
  (status: string) =>
  (item: object): unknown => {
    const counts: unknown = Reflect.get(item, 'deliveries');
    return typeof counts === 'object' && counts !== null ? Reflect.get(counts, status) : undefined;
  };

/** tidings events list and show: published events. */
export const historyCommands: readonly CommandSpec[] = [
  {
    name: 'events list',
    description: 'list published events, newest first, with the number of their deliveries',
    options: [
      { flags: '--type <name>', description: 'only those of this type, or of all below order.*' },
      { flags: '--source <source>', description: 'only those of this source' },
      { flags: '--consumer <id>', description: 'only those addressed to this consumer' },
      { flags: '--ordering-key <key>', description: 'only those with this ordering key' },
      { flags: '--id <id>', description: 'only those with this id of your own' },
      {
        flags: '--text <text>',
        description: 'only those whose data contains it: searches a day back; --cursor continues',
      },
      ...timeOptions,
      ...pageOptions,
    ],
    examples: ['events list --type order.* --since 2h', 'events list --text ord_7 --to 2026-11-22T12:00:00Z'],
    view: {
      columns: [
        ['ID', 'id'],
        ['TYPE', 'type'],
        ['SOURCE', 'source'],
        ['KEY', 'ordering_key'],
        ['DELIVERIES', countOf('total')],
        ['DELIVERED', countOf('delivered')],
        ['ACCEPTED', 'accepted_at'],
      ],
    },
    request: (given) => ({
      method: 'GET',
      path,
      query: {
        ...fieldsOf(given, filterNames),
        ...timesOf(given, ['accepted_after', 'accepted_before']),
        ...pageQuery(given),
      },
    }),
  },
  {
    name: 'events show',
    description: 'show a published event with its data and deliveries',
    args: [{ name: 'id', description: 'id of the event, evt_…' }],
    examples: ['events show evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f'],
    view: 'object',
    request: requestsAt(path).get(),
  },
  {
    name: 'events data',
    description: 'print the data of an event alone, also those that are too large for the event itself',
    args: [{ name: 'id', description: 'id of the event, evt_…' }],
    examples: ['events data evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f'],
    view: 'object',
    request: (given) => ({ method: 'GET', path: `${path}/${inPath(given, 'id')}/data` }),
  },
];
