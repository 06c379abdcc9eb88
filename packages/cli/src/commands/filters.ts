import { type CommandSpec, jsonOf, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { readJson } from '../input/read-input.ts';

/** tidings filters … */
export const filterCommands: readonly CommandSpec[] = [
  {
    name: 'filters test',
    description:
      'match a filter with data and show the conditions that fail; exit code 1 if it does not match',
    options: [
      {
        flags: '--filter <json>',
        description: 'a filter, as in `filters` of a subscription (JSON, @FILE or -)',
      },
      { flags: '--data <json>', description: 'data of an event (JSON, @FILE or -)' },
      { flags: '--event <json>', description: 'a whole event, or the body of a webhook (JSON, @FILE or -)' },
      {
        flags: '--type <name>',
        description:
          'event type: with --data, its schema is compared with the filter; alone, its example is matched',
      },
    ],
    examples: [
      `filters test --filter '{"total":{"$gt":100}}' --data '{"total":7}'`,
      'filters test --filter @filter.json --type order.paid',
    ],
    view: {
      rows: (body) => [
        ['matches', Reflect.get(body, 'matches')],
        ...listOf(body, 'failed').map(({ pointer, detail }) => [`  ${pointer}`, detail] as const),
        ...listOf(body, 'warnings').map(({ pointer, detail }) => [`  warning: ${pointer}`, detail] as const),
      ],
    },
    request: async (given) => {
      const filter = textOf(given, 'filter');
      if (filter === undefined) throw new CommandFailed(exitCodes.usage, '--filter is required.');
      const [data, wholeEvent, type] = [
        await jsonOf(given, 'data'),
        await jsonOf(given, 'event'),
        textOf(given, 'type'),
      ];
      if (data !== undefined && wholeEvent !== undefined) {
        throw new CommandFailed(exitCodes.usage, '--event includes the data: use either --data or --event.');
      }
      const event = data === undefined ? wholeEvent : { ...(type === undefined ? {} : { type }), data };
      if (event === undefined && type === undefined) {
        throw new CommandFailed(exitCodes.usage, 'One of --data, --event and --type is required.');
      }
      const body = { filter: await readJson('--filter', filter, given.input) };
      return {
        method: 'POST',
        path: '/v1/webhooks/filters/test',
        body: event === undefined ? { ...body, event_type: type } : { ...body, event },
      };
    },
    failsWhen: (body) => (Reflect.get(body, 'matches') === true ? null : 'The filter does not match.'),
  },
];

type Finding = Readonly<{ pointer: string; detail: string }>;

const listOf = (body: object, name: string): readonly Finding[] => {
  const list: unknown = Reflect.get(body, name);
  return Array.isArray(list) ? (list as Finding[]) : [];
};
