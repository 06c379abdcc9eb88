import { Command } from 'commander';
import { callApi } from './api/call-api.ts';
import { findTarget, type Target } from './api/find-target.ts';
import type { CommandSpec, Given, OptionSpec } from './command.ts';
import { CommandFailed } from './command-failed.ts';
import { apiKeyCommands } from './commands/api-keys.ts';
import { auditLogCommands } from './commands/audit-log.ts';
import { consumerCommands } from './commands/consumers.ts';
import { deadLetterCommands } from './commands/dead-letters.ts';
import { deliveryCommands } from './commands/deliveries.ts';
import { eraseCommands } from './commands/erase.ts';
import { eventTypeCommands } from './commands/event-types.ts';
import { eventCommands } from './commands/events.ts';
import { exportCommands } from './commands/exports.ts';
import { filterCommands } from './commands/filters.ts';
import { jobCommands } from './commands/jobs.ts';
import { listenCommand } from './commands/listen.ts';
import { portalCommands } from './commands/portal.ts';
import { receivedCommands } from './commands/received-webhooks.ts';
import { replayCommands } from './commands/replay.ts';
import { runCommands } from './commands/runs.ts';
import { sourceCommands } from './commands/sources.ts';
import { statisticsCommands } from './commands/statistics.ts';
import { streamCommands } from './commands/stream.ts';
import { subscriptionCommands } from './commands/subscriptions.ts';
import { systemCommands } from './commands/system.ts';
import { triggerCommand } from './commands/trigger.ts';
import { verifyCommand } from './commands/verify.ts';
import { workspaceCommands } from './commands/workspaces.ts';
import { exitCodes } from './exit-codes.ts';
import { missingText } from './input/missing-text.ts';
import type { Input } from './input/read-input.ts';
import { nextPage, show } from './output/show.ts';
import { version } from './version.ts';

/** The environment of the tool: its variables, its inputs, and its outputs. */
export type Io = Input &
  Readonly<{
    env: NodeJS.ProcessEnv;
    print(text: string): void;
    printError(text: string): void;
    /** Calls `stop` at the first Ctrl-C instead of ending the process at once. */
    onInterrupt(stop: () => void): void;
  }>;

const groups: Readonly<Record<string, string>> = {
  subscriptions: 'manage subscriptions: which events are sent to which endpoint',
  events: 'publish events',
  'event-types': 'manage the catalogue of event types',
  sources: 'manage sources: third-party webhooks that become events',
  filters: 'test filters on the data of events',
  deliveries: 'show deliveries and their attempts',
  stream: 'open live streams elsewhere',
  'dead-letters': 'show, redrive and discard dead letters',
  jobs: 'show, pause, resume and cancel jobs: redrives, discards and others',
  runs: 'show, retry and cancel runs: the work that events have started in worker applications',
  exports: 'show, download and delete exports; tidings export starts one',
  consumers: 'manage the consumers of a workspace',
  portal: 'open the portal of a consumer',
  'api-keys': 'manage API keys and their scopes',
  'audit-log': 'show recorded changes',
  workspaces: 'manage workspaces (tenants); requires the scope platform',
};

/** All commands. */
export const commands: readonly CommandSpec[] = [
  ...subscriptionCommands,
  ...eventCommands,
  ...eventTypeCommands,
  ...sourceCommands,
  ...receivedCommands,
  ...filterCommands,
  ...deliveryCommands,
  ...streamCommands,
  listenCommand,
  triggerCommand,
  verifyCommand,
  ...deadLetterCommands,
  ...jobCommands,
  ...runCommands,
  ...statisticsCommands,
  ...systemCommands,
  ...replayCommands,
  ...exportCommands,
  ...eraseCommands,
  ...consumerCommands,
  ...portalCommands,
  ...apiKeyCommands,
  ...auditLogCommands,
  ...workspaceCommands,
];

const closing = `
The URL and key of the API are read from TIDINGS_URL and TIDINGS_API_KEY. Without them, the local stack that
\`npm start\` runs here is used, or with TIDINGS_DATA=DIR the one of \`npm start -- --data DIR\`.

Exit codes: 0 success, 1 refused by the API or a failed test, 2 invalid command line or file, 3 no response, 429 or 5xx,
4 no URL or key of the API, 130 interrupted.`;

/** Creates the tool, ready to run with the arguments of a command line. */
export function createProgram(io: Io): Command {
  const program = new Command('tidings')
    .description('Subscriptions, events and deliveries of Tidings.')
    .version(version)
    .option('--url <url>', 'URL of the API (default: $TIDINGS_URL, else the local stack)')
    .option('--json', 'print the response as JSON')
    .addHelpText('after', closing);
  inherit(program, io);
  for (const [name, description] of Object.entries(groups)) {
    inherit(program.command(name).description(description), io);
  }
  for (const spec of commands) mount(program, spec, io);
  return program;
}

function inherit(command: Command, io: Io): void {
  command
    .exitOverride()
    .showHelpAfterError('(--help shows the usage)')
    .configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: (text) => io.printError(text.trimEnd()),
    });
}

function mount(program: Command, spec: CommandSpec, io: Io): void {
  const [group = '', name] = spec.name.split(' ');
  const parent = program.commands.find((one) => one.name() === group) ?? program;
  const command = parent.command(name ?? group).description(spec.description);
  inherit(command, io);
  for (const { name: argument, description, optional } of spec.args ?? []) {
    command.argument(optional === true ? `[${argument}]` : `<${argument}>`, description);
  }
  for (const option of spec.options ?? []) addOption(command, option);
  const examples = spec.examples.map((line) => `  tidings ${line}`).join('\n');
  command.addHelpText('after', `\nExamples:\n${examples}`);
  command.action(async () => {
    const args = Object.fromEntries((spec.args ?? []).map((one, i) => [one.name, command.args[i] ?? '']));
    const given = {
      args,
      options: command.optsWithGlobals(),
      input: io,
      env: io.env,
      onInterrupt: io.onInterrupt,
      progress: io.printError,
      print: io.print,
    };
    await run(spec, given, io);
  });
}

function addOption(command: Command, { flags, description, many }: OptionSpec): void {
  if (many !== true) command.option(flags, description);
  else command.option(flags, description, (value: string, before: string[] = []) => [...before, value]);
}

async function run(spec: CommandSpec, given: Given, io: Io): Promise<void> {
  const { url, json } = given.options;
  const target = (): Target => findTarget({ ...io, url: typeof url === 'string' ? url : undefined });
  const body = await answerOf(spec, given, target);
  if (spec.view === 'none') return;
  io.print(json === true ? JSON.stringify(body, null, 2) : show(body, spec.view));
  const more = nextPage(body);
  if (more !== null && json !== true) io.printError(more);
  const failure = spec.failsWhen?.(body as object) ?? null;
  if (failure instanceof CommandFailed) throw failure;
  if (failure !== null) throw new CommandFailed(exitCodes.refused, failure);
}

async function answerOf(spec: CommandSpec, given: Given, target: () => Target): Promise<unknown> {
  if ('runOffline' in spec) return spec.runOffline(given, target);
  const found = target();
  try {
    return 'run' in spec ? await spec.run(given, found) : await callApi(found, await spec.request(given));
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.status !== 404) throw error;
    const missing = missingText(spec, given);
    throw missing === null ? error : new CommandFailed(error.exitCode, missing, error.status);
  }
}
