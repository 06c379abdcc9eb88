import { callApi } from '../call-api.ts';
import { type CommandSpec, pageOptions, pageQuery } from '../command.ts';
import { CommandFailed, exitCodes } from '../exit-codes.ts';
import type { Target } from '../find-target.ts';
import { readJson } from '../read-input.ts';

const path = '/v1/webhooks/event-types';

/** tidings event-types … */
export const eventTypeCommands: readonly CommandSpec[] = [
  {
    name: 'event-types list',
    says: 'list event types by name',
    options: pageOptions,
    examples: ['event-types list', 'event-types list --json'],
    view: {
      columns: [
        ['NAME', 'name'],
        ['STATE', 'state'],
        ['MODE', 'mode'],
        ['SCHEMA', 'active_schema'],
        ['DESCRIPTION', 'description'],
      ],
    },
    request: (given) => ({ method: 'GET', path, query: pageQuery(given) }),
  },
  {
    name: 'event-types push',
    says: 'register the types of a file, or say anew what they are',
    args: [
      { name: 'file', says: 'JSON: one type or an array of them, as the API takes them, each with its name' },
    ],
    options: [{ flags: '--force', says: 'also schemas that can break readers' }],
    examples: ['event-types push event-types.json', 'event-types push event-types.json --force'],
    view: {
      columns: [
        ['NAME', 'name'],
        ['STATE', 'state'],
        ['SCHEMA', 'active_schema'],
        ['VERSION', 'version'],
      ],
    },
    run: async ({ args, options }, target) => {
      const types = typesOf(await readJson('The file', `@${args['file']}`));
      const data: unknown[] = [];
      // One after the other: the first that is refused ends it, and what went before is shown by `list`.
      for (const type of types) data.push(await push(target, type, options['force'] === true));
      return { data };
    },
  },
];

type NamedType = Readonly<{ name: string }>;

function typesOf(content: unknown): readonly NamedType[] {
  const types: readonly unknown[] = Array.isArray(content) ? content : [content];
  const isNamed = (type: unknown): type is NamedType =>
    typeof type === 'object' && type !== null && typeof Reflect.get(type, 'name') === 'string';
  if (types.every(isNamed)) return types;
  throw new CommandFailed(exitCodes.usage, 'The file must hold event types: objects, each with a name.');
}

async function push(target: Target, { name, ...rest }: NamedType, isForced: boolean): Promise<unknown> {
  const one = `${path}/${encodeURIComponent(name)}`;
  try {
    return await callApi(target, {
      method: 'PUT',
      path: one,
      body: { ...rest, ...(isForced ? { force: true } : {}) },
    });
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.status !== 404) throw error;
    return callApi(target, { method: 'POST', path, body: { name, ...rest } });
  }
}
