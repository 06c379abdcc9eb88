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
  textOf,
} from '../command.ts';
import { readTime } from '../input/read-time.ts';

const path = '/v1/webhooks/api-keys';
const at = requestsAt(path);
const id = [{ name: 'id', description: 'id of the key, key_…' }] as const;
const one = 'key_0199f8a27b3c7d2e8f4a5b6c7d8e9f00';
const workspace: OptionSpec = {
  flags: '--workspace <id>',
  description: 'workspace of the key; requires the scope platform (default: the workspace of your key)',
};

const expiryOf = (given: Given): string | undefined => {
  const text = textOf(given, 'expires');
  return text === undefined ? undefined : readTime('--expires', text, true);
};

const inWorkspace = { workspace_id: 'workspace' };

/** tidings api-keys … */
export const apiKeyCommands: readonly CommandSpec[] = [
  {
    name: 'whoami',
    description: 'show the workspace, the consumer and the scopes of your key',
    examples: ['whoami', 'whoami --json'],
    view: 'object',
    request: () => ({ method: 'GET', path: '/v1/webhooks/identity' }),
  },
  {
    name: 'sign-out',
    description: 'end all sessions of browsers that use your key; the key stays valid',
    examples: ['sign-out'],
    view: 'object',
    request: () => ({ method: 'POST', path: '/v1/webhooks/identity/sign-out', body: { ends: 'all' } }),
  },
  {
    name: 'api-keys list',
    description: 'list keys, newest first, without the secret keys themselves',
    options: [
      { flags: '--consumer <id>', description: 'only keys of this consumer' },
      { flags: '--state <state>', description: 'active, expired or revoked' },
      workspace,
      ...pageOptions,
    ],
    examples: ['api-keys list --state active', 'api-keys list --consumer acme --json'],
    view: {
      columns: [
        ['ID', 'id'],
        ['STATE', 'state'],
        ['PREFIX', 'prefix'],
        ['NAME', 'name'],
        ['CONSUMER', 'consumer_id'],
        ['SCOPES', 'scopes'],
        ['EXPIRES', 'expires_at'],
        ['LAST USED', 'last_used_at'],
      ],
    },
    request: at.list({ consumer_id: 'consumer', state: 'state', ...inWorkspace }),
  },
  {
    name: 'api-keys get',
    description: 'show a key, without the secret key itself',
    args: id,
    options: [workspace],
    examples: [`api-keys get ${one}`],
    view: 'object',
    request: at.get(inWorkspace),
  },
  {
    name: 'api-keys create',
    description: 'create a key, which is shown once',
    options: [
      {
        flags: '--scope <scope>',
        description: 'a permission, such as events:write; repeatable',
        many: true,
      },
      { flags: '--name <text>', description: 'display name' },
      { flags: '--consumer <id>', description: 'restrict the key to the data of this consumer' },
      {
        flags: '--expires <time>',
        description: 'expiry: RFC 3339, a day, or 90d from now (default: never)',
      },
      { flags: '--spool', description: 'accept its events while Kafka is away, on the disk of ingress' },
      { flags: '--max-payload <n>', description: 'bytes of its largest event, 1024 to 26214400' },
      { flags: '--rate <n>', description: 'requests a second at each instance, 1 to 100000' },
      workspace,
      dataOption,
      onceOption,
    ],
    examples: [
      "api-keys create --name 'shop backend' --scope events:write",
      'api-keys create --consumer acme --scope subscriptions:read --scope deliveries:read --expires 90d',
    ],
    view: 'object',
    request: at.create((given) => ({
      ...fieldsOf(given, { name: 'name', consumer_id: 'consumer', ...inWorkspace }),
      expires_at: expiryOf(given),
      scopes: given.options['scope'],
      requests_per_second: countOf(given, 'rate'),
      spool: given.options['spool'],
      max_payload_bytes: countOf(given, 'maxPayload'),
    })),
  },
  {
    name: 'api-keys revoke',
    description: 'revoke a key and the consumer tokens that it created',
    args: id,
    options: [workspace],
    examples: [`api-keys revoke ${one}`],
    view: 'object',
    request: (given) => ({
      method: 'POST',
      path: `${path}/${inPath(given, 'id')}/revoke`,
      query: fieldsOf(given, inWorkspace),
    }),
  },
];
