import { type ApiRequest, callApi } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import { type CommandSpec, fileOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

const path = '/v1/webhooks/event-types';

/** tidings event-types push: registers the event types of a file, or those of an AsyncAPI or OpenAPI document. */
export const pushCommand: CommandSpec = {
  name: 'event-types push',
  description: 'register the event types of a file, or replace them',
  args: [
    {
      name: 'file',
      description:
        'JSON: event types in the format of the API, each with its name, or an AsyncAPI 3 or OpenAPI 3.1 document',
    },
  ],
  options: [
    { flags: '--force', description: 'accept schemas that can break readers of the data' },
    {
      flags: '--dry-run',
      description: 'report the outcomes without writing (AsyncAPI and OpenAPI documents only)',
    },
  ],
  examples: ['event-types push event-types.json', 'event-types push asyncapi.json --dry-run'],
  view: {
    columns: [
      ['NAME', 'name'],
      ['OUTCOME', 'outcome'],
      ['STATE', 'state'],
      ['SCHEMA', 'active_schema'],
      ['VERSION', 'version'],
    ],
  },
  failsWhen: refusals,
  run: async (given, target) => {
    const { options } = given;
    const content = await fileOf(given, 'file');
    if (isDocument(content)) return importDocument(target, content, options);
    if (options['dryRun'] === true) {
      throw new CommandFailed(exitCodes.usage, '--dry-run requires an AsyncAPI or OpenAPI document.');
    }
    const types = typesOf(content);
    const data: unknown[] = [];
    // In sequence: the first refusal stops the command, and `list` shows the types registered before it.
    for (const type of types) data.push(await push(target, type, options['force'] === true));
    return { data };
  },
};

const isDocument = (content: unknown): content is object =>
  typeof content === 'object' && content !== null && ('asyncapi' in content || 'openapi' in content);

const importDocument = async (
  target: Target,
  body: object,
  { force, dryRun }: Readonly<Record<string, unknown>>,
): Promise<unknown> =>
  callApi(target, {
    method: 'POST',
    path: `${path}/import`,
    query: {
      force: force === true ? 'true' : undefined,
      dry_run: dryRun === true ? 'true' : undefined,
    },
    body,
  });

/** Returns each fault of the event types that an import refused, by the file's own pointers. */
function refusals(answer: object): string | null {
  const data = Reflect.get(answer, 'data') as readonly Refusable[];
  const refused = data.filter(({ outcome }) => outcome === 'refused');
  if (refused.length === 0) return null;
  const faults = refused.flatMap(({ code, errors = [] }) => {
    const remedy = code === 'conflict' ? ' (--force accepts it)' : '';
    return errors.map(({ pointer, detail }) => `  ${pointer || '(all)'}: ${detail}${remedy}`);
  });
  return [`${refused.length} of ${data.length} were refused:`, ...faults].join('\n');
}

type Refusable = Readonly<{
  outcome?: string;
  code?: string | null;
  errors?: readonly Readonly<{ pointer: string; detail: string }>[];
}>;

type NamedType = Readonly<{ name: string }>;

function typesOf(content: unknown): readonly NamedType[] {
  const types: readonly unknown[] = Array.isArray(content) ? content : [content];
  const isNamed = (type: unknown): type is NamedType =>
    typeof type === 'object' && type !== null && typeof Reflect.get(type, 'name') === 'string';
  if (types.every(isNamed)) return types;
  throw new CommandFailed(exitCodes.usage, 'The file must contain event types: objects, each with a name.');
}

// PUT replaces the whole event type, so the previous value determines the outcome. The outcomes are those of an import.
async function push(target: Target, { name, ...rest }: NamedType, isForced: boolean): Promise<unknown> {
  const one = `${path}/${encodeURIComponent(name)}`;
  const before = await find(target, one);
  if (before === null) {
    return {
      ...(await write(target, { method: 'POST', path, body: { name, ...rest } })),
      outcome: 'created',
    };
  }
  const body = { ...rest, ...(isForced ? { force: true } : {}) };
  const after = await write(target, { method: 'PUT', path: one, body });
  return { ...after, outcome: after['version'] === before['version'] ? 'unchanged' : 'new_version' };
}

type Fields = Readonly<Record<string, unknown>>;

const write = async (target: Target, request: ApiRequest): Promise<Fields> =>
  (await callApi(target, request)) as Fields;

async function find(target: Target, one: string): Promise<Fields | null> {
  try {
    return (await callApi(target, { method: 'GET', path: one })) as Fields;
  } catch (error) {
    if (error instanceof CommandFailed && error.status === 404) return null;
    throw error;
  }
}
