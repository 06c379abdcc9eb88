import { callApi } from '../api/call-api.ts';
import { requestsAt } from '../api/requests-at.ts';
import {
  bodyOf,
  type CommandSpec,
  countOf,
  dataOption,
  fieldsOf,
  fileOf,
  type Given,
  ifMatch,
  inPath,
  jsonOf,
  type OptionSpec,
  onceHeader,
  onceOption,
  pageOptions,
  versionOption,
} from '../command.ts';
import { readTime } from '../input/read-time.ts';
import { updateCommand } from '../update-command.ts';
import { typesCommand } from './event-type-types.ts';
import { pushCommand } from './push-event-types.ts';

const path = '/v1/webhooks/event-types';
const name = [{ name: 'name', description: 'name of the event type, such as order.paid' }] as const;
const one = (given: Given): string => `${path}/${inPath(given, 'name')}`;

const settings: readonly OptionSpec[] = [
  { flags: '--description <text>', description: 'description of the event type' },
  { flags: '--group <name>', description: 'group in the catalogue' },
  { flags: '--mode <mode>', description: 'how to treat data that violate the schema: off, warn or enforce' },
  {
    flags: '--compatibility <rule>',
    description: 'compatibility check of the next schema: forward, forward_transitive or none',
  },
  {
    flags: '--audience <audience>',
    description: 'broadcast: to all subscribers; addressed: to one consumer',
  },
  { flags: '--state <state>', description: 'draft, active, deprecated or archived' },
  { flags: '--example <json>', description: 'example data that satisfy the schema (JSON, @FILE or -)' },
  { flags: '--sunset <time>', description: 'planned end of its events: RFC 3339, a day, or 90d from now' },
];

const settingsOf = async (given: Given): Promise<Readonly<Record<string, unknown>>> => {
  const sunset = given.options['sunset'];
  return {
    ...fieldsOf(given, {
      description: 'description',
      group: 'group',
      mode: 'mode',
      compatibility: 'compatibility',
      audience: 'audience',
      state: 'state',
    }),
    example: await jsonOf(given, 'example'),
    sunset_at: typeof sunset === 'string' ? readTime('--sunset', sunset, true) : undefined,
  };
};

const forceOption: OptionSpec = {
  flags: '--force',
  description: 'accept changes that can break readers of the data',
};
const forced = ({ options }: Given): true | undefined => (options['force'] === true ? true : undefined);

const readCommands: readonly CommandSpec[] = [
  {
    name: 'event-types list',
    description: 'list event types by name',
    options: [
      {
        flags: '--state <state>',
        description: 'draft, active, deprecated or archived (default: all but archived)',
      },
      { flags: '--group <name>', description: 'only those of this group' },
      { flags: '--search <text>', description: 'only those with this text in their name or description' },
      ...pageOptions,
    ],
    examples: ['event-types list', 'event-types list --search order --json'],
    view: {
      columns: [
        ['NAME', 'name'],
        ['STATE', 'state'],
        ['MODE', 'mode'],
        ['SCHEMA', 'active_schema'],
        ['DESCRIPTION', 'description'],
      ],
    },
    request: requestsAt(path).list({ state: 'state', group: 'group', search: 'search' }),
  },
  {
    name: 'event-types get',
    description: 'show an event type with its schema',
    args: name,
    examples: ['event-types get order.paid', 'event-types get order.paid --json > order-paid.json'],
    view: 'object',
    request: (given) => ({ method: 'GET', path: one(given) }),
  },
  {
    name: 'event-types schemas',
    description: 'list the schema versions of an event type',
    args: name,
    examples: ['event-types schemas order.paid'],
    view: {
      columns: [
        ['VERSION', 'version'],
        ['ACTIVE', 'is_active'],
        ['CREATED', 'created_at'],
      ],
    },
    run: async (given, target) => {
      const type = (await callApi(target, { method: 'GET', path: one(given) })) as Versions;
      const data = type.schema_versions.map(({ version, created_at }) => ({
        version,
        is_active: version === type.active_schema,
        created_at,
      }));
      return { data };
    },
  },
  {
    name: 'event-types schema',
    description: 'print one schema version of an event type as JSON',
    args: [...name, { name: 'version', description: 'version of the schema' }],
    examples: ['event-types schema order.paid 2 > order-paid.schema.json'],
    view: 'json',
    names: { noun: 'such schema of', list: 'event-types schemas NAME' },
    run: async (given, target) => {
      const versionPath = `${one(given)}/schemas/${inPath(given, 'version')}`;
      return ((await callApi(target, { method: 'GET', path: versionPath })) as { schema: unknown }).schema;
    },
  },
  {
    name: 'event-types export',
    description: 'print the catalogue as an AsyncAPI 3.0 or OpenAPI 3.1 document',
    options: [{ flags: '--format <format>', description: 'asyncapi (default) or openapi' }],
    examples: ['event-types export > asyncapi.json', 'event-types export --format openapi > webhooks.json'],
    view: 'json',
    request: (given) => ({
      method: 'GET',
      path: `${path}/export`,
      query: fieldsOf(given, { format: 'format' }),
    }),
  },
  typesCommand,
];

type Versions = Readonly<{
  active_schema: number | null;
  schema_versions: readonly Readonly<{ version: number; created_at: string }>[];
}>;

const writeCommands: readonly CommandSpec[] = [
  {
    name: 'event-types create',
    description: 'register an event type',
    args: name,
    options: [
      ...settings,
      { flags: '--schema <json>', description: 'JSON Schema of its data (JSON, @FILE or -)' },
      dataOption,
      onceOption,
    ],
    examples: [
      "event-types create order.paid --description 'An order was paid' --schema @order-paid.schema.json",
    ],
    view: 'object',
    request: async (given) => ({
      method: 'POST',
      path,
      body: await bodyOf(given, {
        name: given.args['name'],
        ...(await settingsOf(given)),
        schema: await jsonOf(given, 'schema'),
      }),
      headers: onceHeader(given),
    }),
  },
  updateCommand({
    group: 'event-types',
    description: 'change the given fields only',
    args: name,
    pathOf: one,
    options: [
      ...settings,
      { flags: '--active-schema <version>', description: 'schema version to put in force' },
      forceOption,
    ],
    fieldsOf: async (given) => ({
      ...(await settingsOf(given)),
      active_schema: countOf(given, 'activeSchema'),
      force: forced(given),
    }),
    readOnly: {
      fixed: {
        name: 'an event type keeps its name: register another with event-types create',
        workspace_id: 'an event type stays in its workspace',
        origin: 'it is the origin of the event type',
        schema: 'a schema is never changed: add the next version with event-types add-schema',
        schema_versions: 'schemas are never changed: add the next version with event-types add-schema',
        created_at: 'it is the time of creation',
      },
      volatile: ['version', 'updated_at', 'propagated'],
    },
    examples: [
      'event-types update order.paid --state deprecated --sunset 90d',
      'event-types update order.paid --active-schema 1 --force',
    ],
  }),
  {
    name: 'event-types add-schema',
    description: 'add the next schema version of an event type, in force at once',
    args: [...name, { name: 'schema', description: 'JSON Schema of the data (FILE, JSON or -)' }],
    options: [
      { flags: '--no-activate', description: 'add the schema without putting it in force' },
      { flags: '--example <json>', description: 'example data that satisfy it (JSON, @FILE or -)' },
      forceOption,
      versionOption,
      onceOption,
    ],
    examples: [
      'event-types add-schema order.paid order-paid.schema.json',
      'event-types add-schema order.paid \'{"type":"object","required":["total"]}\'',
    ],
    view: 'object',
    request: async (given) => ({
      method: 'POST',
      path: `${one(given)}/schemas`,
      body: {
        schema: await fileOf(given, 'schema'),
        example: await jsonOf(given, 'example'),
        activate: given.options['activate'] === false ? false : undefined,
        force: forced(given),
      },
      headers: { ...ifMatch(given), ...onceHeader(given) },
    }),
  },
  {
    name: 'event-types archive',
    description: 'refuse further events of a type; update --state active reverts this',
    args: name,
    options: [versionOption],
    examples: ['event-types archive order.paid'],
    view: 'object',
    request: (given) => ({ method: 'DELETE', path: one(given), headers: ifMatch(given) }),
  },
];

/** tidings event-types … */
export const eventTypeCommands: readonly CommandSpec[] = [...readCommands, ...writeCommands, pushCommand];
