import { requestsAt } from '../api/requests-at.ts';
import {
  type CommandSpec,
  dataOption,
  fieldsOf,
  type Given,
  inPath,
  type OptionSpec,
  onceHeader,
  onceOption,
  pageOptions,
  secondsOf,
  versionOption,
} from '../command.ts';
import { updateCommand } from '../update-command.ts';

const at = requestsAt('/v1/webhooks/consumers');
const id = [{ name: 'id', description: 'id of the consumer' }] as const;

const details: readonly OptionSpec[] = [
  { flags: '--name <text>', description: 'display name' },
  { flags: '--contact <text>', description: 'contact of the consumer, such as an email address' },
];

const detailsOf = (given: Given) => fieldsOf(given, { name: 'name', contact: 'contact' });

/** tidings consumers … */
export const consumerCommands: readonly CommandSpec[] = [
  {
    name: 'consumers list',
    description: 'list consumers by id',
    options: [{ flags: '--state <state>', description: 'active or disabled' }, ...pageOptions],
    examples: ['consumers list', 'consumers list --state disabled --json'],
    view: {
      columns: [
        ['ID', 'id'],
        ['STATE', 'state'],
        ['NAME', 'name'],
        ['CONTACT', 'contact'],
      ],
    },
    request: at.list({ state: 'state' }),
  },
  {
    name: 'consumers get',
    description: 'show a consumer',
    args: id,
    examples: ['consumers get acme'],
    view: 'object',
    request: at.get(),
  },
  {
    name: 'consumers create',
    description: 'register a consumer under an id of your choice',
    args: id,
    options: [...details, dataOption, onceOption],
    examples: ["consumers create acme --name 'Acme Ltd' --contact hooks@acme.example"],
    view: 'object',
    request: at.create((given) => ({ id: given.args['id'], ...detailsOf(given) })),
  },
  updateCommand({
    group: 'consumers',
    description: 'change the given fields only',
    args: id,
    pathOf: (given) => `/v1/webhooks/consumers/${inPath(given, 'id')}`,
    options: details,
    fieldsOf: detailsOf,
    readOnly: {
      fixed: {
        id: 'a consumer keeps its id',
        workspace_id: 'a consumer stays in its workspace',
        state: 'use consumers enable and consumers disable',
        created_at: 'it is the time of creation',
      },
      volatile: ['version', 'updated_at', 'propagated'],
    },
    examples: ['consumers update acme --contact noc@acme.example'],
  }),
  ...(['enable', 'disable'] as const).map(
    (action): CommandSpec => ({
      name: `consumers ${action}`,
      description:
        action === 'enable' ? 'accept its keys and tokens again' : 'refuse all its keys and tokens',
      args: id,
      options: [versionOption],
      examples: [`consumers ${action} acme`],
      view: 'object',
      request: at.act(action),
    }),
  ),
  {
    name: 'consumers token',
    description: 'create a short-lived token for this consumer, which is shown once',
    args: id,
    options: [
      { flags: '--scope <scope>', description: 'a permission; repeatable', many: true },
      {
        flags: '--expires-in <duration>',
        description: 'lifetime, such as 90s or 15m (default), at most 1h',
      },
      onceOption,
    ],
    examples: ['consumers token acme', 'consumers token acme --scope deliveries:read --expires-in 5m'],
    view: 'object',
    request: (given) => ({
      method: 'POST',
      path: '/v1/webhooks/consumer-tokens',
      body: {
        consumer_id: given.args['id'],
        scopes: given.options['scope'],
        expires_in_seconds: secondsOf(given, 'expiresIn'),
      },
      headers: onceHeader(given),
    }),
  },
];
