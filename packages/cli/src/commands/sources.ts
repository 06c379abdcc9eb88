import { requestsAt } from '../api/requests-at.ts';
import {
  type CommandSpec,
  dataOption,
  fieldsOf,
  type Given,
  ifMatch,
  inPath,
  jsonOf,
  type OptionSpec,
  onceHeader,
  onceOption,
  pageOptions,
  secondsOf,
  versionOption,
} from '../command.ts';
import { readSecrets } from '../input/read-webhook.ts';
import { updateCommand } from '../update-command.ts';

const path = '/v1/webhooks/sources';
const at = requestsAt(path);
const id = [{ name: 'id', description: 'id of the source, src_…' }] as const;
const one = 'src_0199f8a27b3c7d2e8f4a5b6c7d8e9f00';

const settings: readonly OptionSpec[] = [
  { flags: '--name <text>', description: 'display name' },
  {
    flags: '--audience <audience>',
    description: 'internal (default), broadcast or addressed: who receives its events',
  },
  { flags: '--consumer <id>', description: 'the consumer of an addressed source' },
  {
    flags: '--spool <when>',
    description:
      'true, false or null (as its provider has it): whether webhooks are accepted while Kafka is away',
  },
  {
    flags: '--max-payload <n>',
    description: 'bytes of its largest webhook, 1024 to 26214400; null: as its provider and Tidings allow',
  },
  { flags: '--options <json>', description: 'options of the provider (JSON, @FILE or -)' },
];

const settingsOf = async (given: Given): Promise<Readonly<Record<string, unknown>>> => ({
  ...fieldsOf(given, { name: 'name', audience: 'audience', consumer_id: 'consumer' }),
  spool: await jsonOf(given, 'spool'),
  max_payload_bytes: await jsonOf(given, 'maxPayload'),
  options: await jsonOf(given, 'options'),
});

const secretsOf = async (given: Given): Promise<readonly string[] | undefined> =>
  given.options['secret'] === undefined ? undefined : readSecrets(given);

/** tidings sources … */
export const sourceCommands: readonly CommandSpec[] = [
  {
    name: 'sources list',
    description: 'list sources of third-party webhooks, newest first',
    options: [{ flags: '--state <state>', description: 'active or disabled' }, ...pageOptions],
    examples: ['sources list', 'sources list --state disabled --json'],
    view: {
      columns: [
        ['ID', 'id'],
        ['STATE', 'state'],
        ['PROVIDER', 'provider'],
        ['NAME', 'name'],
        ['AUDIENCE', 'audience'],
        ['CONSUMER', 'consumer_id'],
        ['PATH', 'path'],
      ],
    },
    request: at.list({ state: 'state' }),
  },
  {
    name: 'sources get',
    description: 'show a source',
    args: id,
    examples: [`sources get ${one}`],
    view: 'object',
    request: at.get(),
  },
  {
    name: 'sources create',
    description: 'create a source; the provider then sends its webhooks to the path that is shown',
    args: [{ name: 'provider', description: 'who sends them, such as github or stripe' }],
    options: [
      {
        flags: '--secret <text>',
        description: 'a secret that the provider uses; @FILE reads it; repeatable',
        many: true,
      },
      ...settings,
      dataOption,
      onceOption,
    ],
    examples: [
      "sources create github --name 'Our repositories' --secret 'a secret of twenty characters'",
      `sources create generic-hmac --name Meters --secret 'a secret of them' --options '{"header":"X-Signature"}'`,
    ],
    view: 'object',
    request: at.create(async (given) => ({
      provider: given.args['provider'],
      secrets: await secretsOf(given),
      ...(await settingsOf(given)),
    })),
  },
  updateCommand({
    group: 'sources',
    description: 'change the given fields only',
    args: id,
    pathOf: (given) => `${path}/${inPath(given, 'id')}`,
    options: settings,
    fieldsOf: settingsOf,
    readOnly: {
      fixed: {
        id: 'a source keeps its id',
        workspace_id: 'a source stays in its workspace',
        provider: 'a source stays with its provider: create another',
        path: 'it follows from the id',
        secrets: 'secrets change by sources rotate only',
        state: 'use sources enable, disable and delete',
        created_at: 'it is the time of creation',
      },
      volatile: ['version', 'updated_at', 'propagated'],
    },
    examples: [`sources update ${one} --audience broadcast`],
  }),
  {
    name: 'sources rotate',
    description: 'give a source a new secret; the old ones stay valid for the overlap',
    args: id,
    options: [
      { flags: '--secret <text>', description: 'the new secret; @FILE reads it' },
      {
        flags: '--overlap <duration>',
        description: 'time such as 10m (default), 2h or 7d; 0s ends them now',
      },
      versionOption,
      onceOption,
    ],
    examples: [`sources rotate ${one} --secret 'another secret of them' --overlap 24h`],
    view: 'object',
    request: async (given) => ({
      method: 'POST',
      path: `${path}/${inPath(given, 'id')}/rotate`,
      body: { secret: (await secretsOf(given))?.[0], overlap_seconds: secondsOf(given, 'overlap') },
      headers: { ...ifMatch(given), ...onceHeader(given) },
    }),
  },
  ...(['enable', 'disable'] as const).map(
    (action): CommandSpec => ({
      name: `sources ${action}`,
      description: action === 'enable' ? 'accept its webhooks again' : 'refuse its webhooks with 404',
      args: id,
      options: [versionOption],
      examples: [`sources ${action} ${one}`],
      view: 'object',
      request: at.act(action),
    }),
  ),
  {
    name: 'sources delete',
    description: 'delete a source',
    args: id,
    options: [versionOption],
    examples: [`sources delete ${one}`],
    view: 'object',
    request: at.delete,
  },
];
