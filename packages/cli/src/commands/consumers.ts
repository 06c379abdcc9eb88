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
import { requestsAt } from '../requests-at.ts';
import { updateCommand } from '../update-command.ts';

const at = requestsAt('/v1/webhooks/consumers');
const id = [{ name: 'id', description: 'the id of the consumer' }] as const;

const details: readonly OptionSpec[] = [
  { flags: '--name <text>', description: 'for people' },
  { flags: '--contact <text>', description: 'where its people are reached' },
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
    description: 'register a consumer; its id is your choice',
    args: id,
    options: [...details, dataOption, onceOption],
    examples: ["consumers create acme --name 'Acme Ltd' --contact hooks@acme.example"],
    view: 'object',
    request: at.create((given) => ({ id: given.args['id'], ...detailsOf(given) })),
  },
  updateCommand({
    group: 'consumers',
    description: 'change what is given, and nothing else',
    args: id,
    pathOf: (given) => `/v1/webhooks/consumers/${inPath(given, 'id')}`,
    options: details,
    fieldsOf: detailsOf,
    readOnly: {
      fixed: {
        id: 'a consumer keeps its id',
        workspace_id: 'a consumer stays in its workspace',
        state: 'use consumers enable and consumers disable',
        created_at: 'it tells when the consumer was made',
      },
      volatile: ['version', 'updated_at', 'propagated'],
    },
    examples: ['consumers update acme --contact noc@acme.example'],
  }),
  ...(['enable', 'disable'] as const).map(
    (action): CommandSpec => ({
      name: `consumers ${action}`,
      description: action === 'enable' ? 'let its keys and tokens in again' : 'let no key or token of it in',
      args: id,
      options: [versionOption],
      examples: [`consumers ${action} acme`],
      view: 'object',
      request: at.act(action),
    }),
  ),
  {
    name: 'consumers token',
    description: 'make a token that sees this consumer and ends by itself; it is shown once',
    args: id,
    options: [
      { flags: '--scope <scope>', description: 'what it may do; may be given more than once', many: true },
      {
        flags: '--expires-in <duration>',
        description: 'how long it is good for, such as 90s or 15m (default), 1h at most',
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
