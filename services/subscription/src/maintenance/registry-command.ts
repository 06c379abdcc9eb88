import { parseArgs } from 'node:util';
import { workspaceId } from '@tidings/contracts';
import { messageOf } from '@tidings/runtime';
import { tokenKeyKind } from '../access/access-kinds.ts';
import { replaceTokenKeys, type TokenKeysStep } from '../access/token-keys/replace-token-keys.ts';
import { workspaceKind } from '../access/workspace-kind.ts';
import { readCopies } from '../registry/adapters/read-copies.ts';
import { compareTopic } from '../registry/maintenance/compare-topic.ts';
import { resealDocuments } from '../registry/maintenance/reseal-documents.ts';
import { sweepUnpublished } from '../registry/maintenance/sweep-unpublished.ts';
import { type Verified, verifyDocuments } from '../registry/maintenance/verify-documents.ts';
import { type Outcome, renderReport } from './command-report.ts';
import { type OpenedCommand, openCommand } from './open-command.ts';
import { restoreAudit } from './restore-audit.ts';
import {
  type RegistryRestored,
  type RestoreMode,
  type RestoreOptions,
  restoreRegistry,
} from './restore-registry.ts';

const help = `Checks, re-seals and restores the registry, and replaces the keys of tokens. May run beside the service.

  npm run registry:verify -- [--repair] [--json]
  npm run registry:reseal -- [--dry-run] [--json]
  npm run registry:restore -- [--dry-run] [--missing-only | --replace-older] [--outdated-copies] [--json]
  npm run registry:token-keys -- --workspace ID | --all [--remove-old [--now]] [--dry-run] [--json]
  node services/subscription/dist/src/maintenance/registry-command.js verify | reseal | restore | token-keys [options]

verify   compares every document with the topics; with --repair it publishes what differs
reseal   seals every secret again with the first key of SEALING_KEYS
restore  brings documents back that MongoDB has lost, from their copies on the topic tidings.registry, and the audit log
         from tidings.audit. An interrupted restore is continued by the same command. It is refused, with a list, if a
         document differs from its copy.
token-keys
         adds a key pair to a workspace, which signs its consumer tokens and portal links from 10 s later on; those of the
         older pairs stay valid. With --remove-old it removes the older pairs, once their tokens have ended. Repeating an
         interrupted command does what is left.

  --repair         verify: publishes the current documents, then compares again
  --dry-run        changes nothing
  --missing-only   restore: leaves documents as they are that differ from their copies, and restores what is missing
  --replace-older  restore: besides, replaces documents that are older than their copies
  --outdated-copies
                   restore: besides, restores documents of which readers have a newer version than the newest copy, as a
                   change of its own; what was changed since the copy is lost, also where it is in force
  --workspace ID   token-keys: the workspace
  --all            token-keys: every workspace that has a key pair
  --remove-old     token-keys: removes the older pairs; refused for about an hour after a pair was added
  --now            token-keys: removes them at once; the tokens and links that they signed end, and with them sessions of
                   the portal and streams
  --json           prints the result as JSON
  --help           prints this text

Settings: those of the subscription service, from the environment; npm run takes those of the local stack.

Exit codes: 0 done, 1 refused, failed, not confirmed by the log, or something differs or cannot be restored, 2 an invalid argument.
`;

const usage = `usage: verify [--repair] [--json] | reseal [--dry-run] [--json] | restore [--dry-run] [--missing-only | --replace-older] [--outdated-copies] [--json] | token-keys --workspace ID | --all [--remove-old [--now]] [--dry-run] [--json]
See --help.
`;
const progressEvery = 200;

async function verify({ kinds, readBack }: OpenedCommand, isRepair: boolean): Promise<readonly Verified[]> {
  await readBack();
  const found = [];
  for (const documents of kinds) {
    let verified = await verifyDocuments(documents);
    if (isRepair && verified.disagreements.length > 0) {
      await sweepUnpublished(documents);
      await compareTopic(documents);
      verified = await verifyDocuments(documents);
    }
    found.push(verified);
  }
  return found;
}

async function reseal({ kinds, ring }: OpenedCommand, isDryRun: boolean) {
  const done = [];
  for (const documents of kinds) {
    const onProgress = (count: number): void => {
      if (count % progressEvery === 0) process.stderr.write(`${documents.kind.name}: ${count}\n`);
    };
    done.push(await resealDocuments({ ...documents, ring, onProgress }, { isDryRun }));
  }
  return { primaryKey: ring.primaryId, isDryRun, kinds: done };
}

async function restore(
  { bus, audit, kinds, readBack }: OpenedCommand,
  options: RestoreOptions,
): Promise<RegistryRestored> {
  await readBack();
  const names = kinds.map(({ kind }) => kind.name);
  const parts = {
    ...{ kinds, copies: await readCopies(bus, names) },
    restoreAudit: async (how: Readonly<{ isDryRun: boolean }>) => restoreAudit(bus, audit, how),
    onProgress: (done: number, total: number): void => {
      if (done % progressEvery === 0) process.stderr.write(`restored ${done} of ${total} documents\n`);
    },
  };
  return restoreRegistry(parts, options);
}

const options = {
  repair: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  'missing-only': { type: 'boolean', default: false },
  'replace-older': { type: 'boolean', default: false },
  'outdated-copies': { type: 'boolean', default: false },
  workspace: { type: 'string' },
  all: { type: 'boolean', default: false },
  'remove-old': { type: 'boolean', default: false },
  now: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function tokenKeys({ documentsOfKind, ring, readBack }: OpenedCommand, values: Values) {
  // A pair that the database has lost must not be made again under its number: now each is compared with the topics.
  await readBack();
  const documents = documentsOfKind(tokenKeyKind);
  documents.presence.set('present');
  const parts = { tokenKeys: documents, workspaces: documentsOfKind(workspaceKind), ring };
  const { workspace, now, 'dry-run': isDryRun } = values;
  const of = workspace === undefined ? ('all' as const) : { workspace: workspaceId(workspace) };
  const removal = now ? 'remove-old-now' : 'remove-old';
  const step: TokenKeysStep = values['remove-old'] ? removal : 'add';
  return { step, isDryRun, workspaces: await replaceTokenKeys(parts, { of, step, isDryRun }) };
}

const parsed = () => parseArgs({ options, allowPositionals: true });
type Values = ReturnType<typeof parsed>['values'];

const commands: Readonly<
  Record<
    string,
    Readonly<{
      allowed: readonly string[];
      isConsistent?(values: Values): boolean;
      run(opened: OpenedCommand, values: Values): Promise<Outcome>;
    }>
  >
> = {
  verify: {
    allowed: ['repair'],
    run: async (opened, { repair }) => ({ verified: await verify(opened, repair) }),
  },
  reseal: {
    allowed: ['dry-run'],
    run: async (opened, values) => ({ resealed: await reseal(opened, values['dry-run']) }),
  },
  restore: {
    allowed: ['dry-run', 'missing-only', 'replace-older', 'outdated-copies'],
    isConsistent: (values) => !values['missing-only'] || !values['replace-older'],
    run: async (opened, values) => {
      const others: RestoreMode = values['missing-only'] ? 'missing-only' : 'all';
      const mode = values['replace-older'] ? 'replace-older' : others;
      const withOutdated = values['outdated-copies'];
      return { restored: await restore(opened, { mode, isDryRun: values['dry-run'], withOutdated }) };
    },
  },
  'token-keys': {
    allowed: ['workspace', 'all', 'remove-old', 'now', 'dry-run'],
    isConsistent: ({ workspace, all, now, ...values }) =>
      (workspace === undefined) === all && (!now || values['remove-old']),
    run: async (opened, values) => ({ tokenKeys: await tokenKeys(opened, values) }),
  },
};

async function run(): Promise<number> {
  const { positionals, values } = parsed();
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const [name = ''] = positionals;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const given = Object.entries(values).flatMap(([option, isGiven]) => (isGiven ? [option] : []));
  const isAllowed = given.every((option) => option === 'json' || command?.allowed.includes(option));
  const isConsistent = command?.isConsistent?.(values) ?? true;
  if (command === undefined || positionals.length !== 1 || !isAllowed || !isConsistent) {
    process.stderr.write(usage);
    return 2;
  }
  const opened = await openCommand();
  try {
    const outcome = await command.run(opened, values);
    const { text, isOk } = renderReport(outcome);
    process.stdout.write(values.json ? `${JSON.stringify(outcome)}\n` : text);
    return isOk ? 0 : 1;
  } finally {
    await opened.close();
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  const isArgument = error instanceof TypeError && 'code' in error;
  process.stderr.write(`${messageOf(error)}\n${isArgument ? usage : ''}`);
  process.exitCode = isArgument ? 2 : 1;
}
// Without this, the timer of a deadline that was met would keep the process alive until it fires.
process.exit();
