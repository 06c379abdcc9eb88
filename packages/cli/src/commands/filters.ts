import { type CommandSpec, jsonOf, textOf } from '../command.ts';
import { CommandFailed, exitCodes } from '../exit-codes.ts';
import { readJson } from '../read-input.ts';

/** tidings filters … */
export const filterCommands: readonly CommandSpec[] = [
  {
    name: 'filters test',
    description:
      'match a filter with data, and show which conditions fail; exit code 1 when it does not match',
    options: [
      { flags: '--filter <json>', description: 'as `filters` of a subscription (JSON, @FILE or -)' },
      { flags: '--data <json>', description: 'the data of an event (JSON, @FILE or -)' },
      { flags: '--event <json>', description: 'a whole event, or the body of a webhook (JSON, @FILE or -)' },
      {
        flags: '--type <name>',
        description: 'with --data: the type whose schema it is compared with; alone: its example',
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
      if (filter === undefined) throw new CommandFailed(exitCodes.usage, 'Say which filter: --filter JSON.');
      const [data, event, type] = [
        await jsonOf(given, 'data'),
        await jsonOf(given, 'event'),
        textOf(given, 'type'),
      ];
      if (data !== undefined && event !== undefined) {
        throw new CommandFailed(exitCodes.usage, '--event holds its data: give --data or --event.');
      }
      const notice = data === undefined ? event : { ...(type === undefined ? {} : { type }), data };
      if (notice === undefined && type === undefined) {
        throw new CommandFailed(exitCodes.usage, 'Say what to match: --data, --event or --type.');
      }
      const body = { filter: await readJson('--filter', filter, given.input) };
      return {
        method: 'POST',
        path: '/v1/webhooks/filters/test',
        body: notice === undefined ? { ...body, event_type: type } : { ...body, event: notice },
      };
    },
    failsWhen: (body) => (Reflect.get(body, 'matches') === true ? null : 'The filter does not match.'),
  },
];

type Told = Readonly<{ pointer: string; detail: string }>;

const listOf = (body: object, name: string): readonly Told[] => {
  const list: unknown = Reflect.get(body, name);
  return Array.isArray(list) ? (list as Told[]) : [];
};
