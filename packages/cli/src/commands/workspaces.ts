import { requestsAt } from '../api/requests-at.ts';
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
import { updateCommand } from '../update-command.ts';

const at = requestsAt('/v1/webhooks/workspaces');
const id = [{ name: 'id', description: 'id of the workspace' }] as const;

const rules: readonly OptionSpec[] = [
  { flags: '--name <text>', description: 'display name' },
  {
    flags: '--policy <policy>',
    description: 'strict or open: refuse or accept event types that are not registered',
  },
  { flags: '--max-subscriptions <n>', description: 'maximum number of subscriptions' },
  {
    flags: '--disable-after <n>',
    description: 'consecutive failures that disable a subscription; 0 for never',
  },
  {
    flags: '--retention-days <n>',
    description: 'days for which the history keeps its events and deliveries, 1 to 3650',
  },
  { flags: '--allow-http', description: 'allow http endpoints, if the operator allows them as well' },
  { flags: '--no-allow-http', description: 'require https endpoints' },
];

const rulesOf = (given: Given) => ({
  ...fieldsOf(given, { name: 'name', event_type_policy: 'policy' }),
  max_subscriptions: countOf(given, 'maxSubscriptions'),
  disable_after_failures: countOf(given, 'disableAfter'),
  retention_days: countOf(given, 'retentionDays'),
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
        ['MAX SUBSCRIPTIONS', 'max_subscriptions'],
      ],
    },
    request: at.list({ state: 'state' }),
  },
  {
    name: 'workspaces get',
    description: 'show a workspace and its settings',
    args: id,
    examples: ['workspaces get ws_shop'],
    view: 'object',
    request: at.get(),
  },
  {
    name: 'workspaces create',
    description: 'create a workspace; create its first key with api-keys create --workspace',
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
    description: 'change the given settings only',
    args: id,
    pathOf: (given) => `/v1/webhooks/workspaces/${inPath(given, 'id')}`,
    options: rules,
    fieldsOf: rulesOf,
    readOnly: {
      fixed: {
        id: 'a workspace keeps its id',
        state: 'use workspaces enable and workspaces disable',
        created_at: 'it is the time of creation',
      },
      volatile: ['version', 'updated_at', 'propagated'],
    },
    examples: [
      'workspaces update ws_shop --max-subscriptions 5000 --no-allow-http',
      'workspaces update ws_shop --retention-days 7',
      'workspaces update ws_shop --data \'{"portal":{"name":"Shop webhooks","light":{"accent":"#0b5c4a"}}}\'',
      'workspaces update ws_shop --data \'{"notice":{"url":"https://chat.example/hook","style":"slack"}}\'',
    ],
  }),
  ...(['enable', 'disable'] as const).map(
    (action): CommandSpec => ({
      name: `workspaces ${action}`,
      description:
        action === 'enable' ? 'accept its keys and tokens again' : 'refuse all its keys and tokens',
      args: id,
      options: [versionOption],
      examples: [`workspaces ${action} ws_shop`],
      view: 'object',
      request: at.act(action),
    }),
  ),
];
