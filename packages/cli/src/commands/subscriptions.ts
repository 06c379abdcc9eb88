import { requestsAt } from '../api/requests-at.ts';
import {
  type CommandSpec,
  dataOption,
  type Given,
  inPath,
  jsonOf,
  type OptionSpec,
  onceHeader,
  onceOption,
  pageOptions,
  secondsOf,
  textOf,
  versionOption,
} from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { updateCommand } from '../update-command.ts';

const path = '/v1/webhooks/subscriptions';
const at = requestsAt(path);
const id = [{ name: 'id', description: 'id of the subscription, sub_…' }] as const;
const one = 'sub_0199f8a27b3c7d2e8f4a5b6c7d8e9f00';

const settings: readonly OptionSpec[] = [
  { flags: '--endpoint <url>', description: 'URL that the events are sent to' },
  {
    flags: '--event <pattern>',
    description: 'event type, order.* or *; repeatable',
    many: true,
  },
  { flags: '--description <text>', description: 'description of the subscription' },
  { flags: '--filter <json>', description: 'only events whose data match (JSON, @FILE or -)' },
  {
    flags: '--header <name:value>',
    description: 'a header of each request; repeatable',
    many: true,
  },
  {
    flags: '--audience <audience>',
    description: 'external (default), or internal: receives internal events of sources too',
  },
  { flags: '--ordering <order>', description: 'none, key or subscription' },
  { flags: '--format <format>', description: 'standard, plain or cloudevents' },
  {
    flags: '--large-payloads <form>',
    description: 'events above the size of a record: full, reference or skip',
  },
  { flags: '--signature <style>', description: 'v1, v1a or plain' },
  { flags: '--timeout <duration>', description: 'time limit for the response of the endpoint, 1s to 30s' },
];

async function settingsOf(given: Given): Promise<Readonly<Record<string, unknown>>> {
  const { options } = given;
  return {
    endpoint_url: options['endpoint'],
    events: options['event'],
    description: options['description'],
    filters: await jsonOf(given, 'filter'),
    headers: headersOf(options['header']),
    audience: options['audience'],
    ordering: options['ordering'],
    format: options['format'],
    large_payloads: options['largePayloads'],
    signature_style: options['signature'],
    timeout_seconds: secondsOf(given, 'timeout'),
    consumer_id: options['consumer'],
    is_active: options['inactive'] === true ? false : undefined,
    send_test: options['test'] === false ? false : undefined,
  };
}

function headersOf(lines: unknown): Record<string, string> | undefined {
  if (!Array.isArray(lines)) return undefined;
  const pairs = lines.map((line: unknown) => /^([^:]+):\s*(.*)$/.exec(String(line)));
  const bad = pairs.indexOf(null);
  if (bad >= 0) {
    throw new CommandFailed(exitCodes.usage, `--header must be 'name: value', got '${String(lines[bad])}'.`);
  }
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']));
}

/** tidings subscriptions … */
export const subscriptionCommands: readonly CommandSpec[] = [
  {
    name: 'subscriptions list',
    description: 'list subscriptions, newest first',
    options: [
      { flags: '--consumer <id>', description: 'only those of this consumer' },
      { flags: '--event <name>', description: 'only those that an event of this type matches' },
      { flags: '--state <state>', description: 'active, disabled or deleted' },
      ...pageOptions,
    ],
    examples: ['subscriptions list --state disabled', 'subscriptions list --event order.paid --json'],
    view: {
      columns: [
        ['ID', 'id'],
        ['STATE', 'state'],
        ['CONSUMER', 'consumer_id'],
        ['EVENTS', 'events'],
        ['FAILURES', 'failure_count'],
        ['ENDPOINT', 'endpoint_url'],
      ],
    },
    request: at.list({ consumer_id: 'consumer', event: 'event', state: 'state' }),
  },
  {
    name: 'subscriptions get',
    description: 'show a subscription',
    args: id,
    examples: [`subscriptions get ${one}`],
    view: 'object',
    request: at.get(),
  },
  {
    name: 'subscriptions create',
    description: 'create a subscription; shows its secret once and sends a webhook.test to the endpoint',
    options: [
      ...settings,
      { flags: '--consumer <id>', description: 'consumer that owns the subscription' },
      { flags: '--inactive', description: 'create it disabled' },
      { flags: '--no-test', description: 'send no webhook.test to the endpoint' },
      dataOption,
      onceOption,
    ],
    examples: [
      "subscriptions create --endpoint https://partner.example/hooks --event 'order.*' --consumer acme",
      `subscriptions create --endpoint https://partner.example/hooks --event '*' --filter '{"total":{"$gt":100}}'`,
    ],
    view: 'object',
    request: at.create(settingsOf),
  },
  updateCommand({
    group: 'subscriptions',
    description: 'change the given fields only',
    args: id,
    pathOf: (given) => `${path}/${inPath(given, 'id')}`,
    options: settings,
    fieldsOf: settingsOf,
    readOnly: {
      fixed: {
        id: 'a subscription keeps its id',
        workspace_id: 'a subscription stays in its workspace',
        consumer_id: 'a subscription stays with its consumer: create another with --consumer',
        kind: 'it follows from the events it was created with',
        public_key: 'keys change by subscriptions rotate-secret only',
        secrets: 'secrets change by subscriptions rotate-secret only',
        state: 'use subscriptions enable, disable and delete',
        disabled_at: 'use subscriptions enable and disable',
        disabled_reason: 'use subscriptions disable --reason',
        created_at: 'it is the time of creation',
      },
      volatile: ['version', 'updated_at', 'propagated', 'failure_count', 'last_delivery_at'],
    },
    examples: [`subscriptions update ${one} --event order.paid --event order.refunded`],
  }),
  {
    name: 'subscriptions delete',
    description: 'delete a subscription',
    args: id,
    options: [versionOption],
    examples: [`subscriptions delete ${one}`],
    view: 'object',
    request: at.delete,
  },
  {
    name: 'subscriptions enable',
    description: 'enable a subscription and redrive its waiting dead letters first',
    args: id,
    options: [
      {
        flags: '--waiting <what>',
        description: 'redrive or discard its waiting dead letters (default: redrive)',
      },
    ],
    examples: [`subscriptions enable ${one}`, `subscriptions enable ${one} --waiting discard`],
    view: 'object',
    request: (given) => ({
      method: 'POST',
      path: `${path}/${inPath(given, 'id')}/enable`,
      body: { waiting: textOf(given, 'waiting') },
    }),
  },
  {
    name: 'subscriptions disable',
    description: 'disable a subscription until it is enabled again',
    args: id,
    options: [{ flags: '--reason <text>', description: 'reason, shown with the subscription' }],
    examples: [`subscriptions disable ${one} --reason 'moving house'`],
    view: 'object',
    request: (given) => ({
      method: 'POST',
      path: `${path}/${inPath(given, 'id')}/disable`,
      body: { reason: textOf(given, 'reason') },
    }),
  },
  {
    name: 'subscriptions rotate-secret',
    description: 'create a new secret, which is shown once',
    args: id,
    options: [
      {
        flags: '--overlap <duration>',
        description: 'time for which the old secret also signs, such as 10m (default), 2h or 7d',
      },
      onceOption,
    ],
    examples: [`subscriptions rotate-secret ${one} --overlap 24h`],
    view: 'object',
    request: (given) => ({
      method: 'POST',
      path: `${path}/${inPath(given, 'id')}/rotate-secret`,
      body: { overlap_seconds: secondsOf(given, 'overlap') },
      headers: onceHeader(given),
    }),
  },
  {
    name: 'subscriptions test',
    description: 'send a test now and show the response; exit code 1 if it failed',
    args: id,
    examples: [`subscriptions test ${one}`],
    view: 'object',
    request: (given) => ({ method: 'POST', path: `${path}/${inPath(given, 'id')}/test`, body: {} }),
    failsWhen: (body) => (Reflect.get(body, 'success') === true ? null : 'The test failed.'),
  },
];
