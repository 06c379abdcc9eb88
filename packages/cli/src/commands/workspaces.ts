import {
  type CommandSpec,
  countOf,
  dataOption,
  fieldsOf,
  type Given,
  inPath,
  type OptionSpec,
  onceOption,
  pageOptions,
  versionOption,
} from '../command.ts';
import { requestsAt } from '../requests-at.ts';
import { updateCommand } from '../update-command.ts';

const at = requestsAt('/v1/webhooks/workspaces');
const id = [{ name: 'id', description: 'the id of the workspace' }] as const;

const rules: readonly OptionSpec[] = [
  { flags: '--name <text>', description: 'for people' },
  {
    flags: '--policy <policy>',
    description: 'strict or open: what becomes of names that are not registered',
  },
  { flags: '--max-subscriptions <n>', description: 'how many subscriptions it may have' },
  { flags: '--disable-after <n>', description: 'failures in a row that disable a subscription; 0 is never' },
  { flags: '--allow-http', description: 'endpoints may be http, where the operator allows it as well' },
  { flags: '--no-allow-http', description: 'endpoints must be https' },
];

const rulesOf = (given: Given) => ({
  ...fieldsOf(given, { name: 'name', event_type_policy: 'policy' }),
  max_subscriptions: countOf(given, 'maxSubscriptions'),
  disable_after_failures: countOf(given, 'disableAfter'),
  allow_http: given.options['allowHttp'],
});

/** tidings workspaces … */
export const workspaceCommands: readonly CommandSpec[] = [
  {
    name: 'workspaces list',
    description: 'list workspaces by id',
    options: [{ flags: '--state <state>', description: 'active or disabled' }, ...pageOptions],
    examples: ['workspaces list', 'workspaces list --state disabled --json'],
    view: {
      columns: [
        ['ID', 'id'],
        ['STATE', 'state'],
        ['NAME', 'name'],
        ['POLICY', 'event_type_policy'],
        ['SUBSCRIPTIONS AT MOST', 'max_subscriptions'],
      ],
    },
    request: at.list({ state: 'state' }),
  },
  {
    name: 'workspaces get',
    description: 'show a workspace and its rules',
    args: id,
    examples: ['workspaces get ws_shop'],
    view: 'object',
    request: at.get(),
  },
  {
    name: 'workspaces create',
    description: 'make a workspace; give it a first key with api-keys create --workspace',
    args: id,
    options: [...rules, dataOption, onceOption],
    examples: [
      'workspaces create ws_shop --name Shop',
      'workspaces create ws_try --policy open --allow-http',
    ],
    view: 'object',
    request: at.create((given) => ({ id: given.args['id'], ...rulesOf(given) })),
  },
  updateCommand({
    group: 'workspaces',
    description: 'change the rules that are given, and nothing else',
    args: id,
    pathOf: (given) => `/v1/webhooks/workspaces/${inPath(given, 'id')}`,
    options: rules,
    fieldsOf: rulesOf,
    readOnly: {
      fixed: {
        id: 'a workspace keeps its id',
        state: 'use workspaces enable and workspaces disable',
        created_at: 'it tells when the workspace was made',
      },
      volatile: ['version', 'updated_at', 'propagated'],
    },
    examples: [
      'workspaces update ws_shop --max-subscriptions 5000 --no-allow-http',
      'workspaces update ws_shop --data \'{"notice":{"url":"https://chat.example/hook","style":"slack"}}\'',
    ],
  }),
  ...(['enable', 'disable'] as const).map(
    (action): CommandSpec => ({
      name: `workspaces ${action}`,
      description: action === 'enable' ? 'let its keys and tokens in again' : 'let no key or token of it in',
      args: id,
      options: [versionOption],
      examples: [`workspaces ${action} ws_shop`],
      view: 'object',
      request: at.act(action),
    }),
  ),
];
