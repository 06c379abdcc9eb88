import { parseArgs } from 'node:util';
import { openBus, openProducer } from '@tidings/kafka';
import { createServiceContext } from '@tidings/observability';
import { AppError, type Clock, keyRing, loadConfig, messageOf, sleep } from '@tidings/runtime';
import { configSpec } from '../config.ts';
import { metricsCatalogue } from '../metrics.ts';
import { openRegistry, readTopics } from '../registry/adapters/open-registry.ts';
import { compareTopic } from '../registry/maintenance/compare-topic.ts';
import { type Resealed, resealDocuments } from '../registry/maintenance/reseal-documents.ts';
import { sweepUnpublished } from '../registry/maintenance/sweep-unpublished.ts';
import { type Verified, verifyDocuments } from '../registry/maintenance/verify-documents.ts';
import { documentKinds } from './document-kinds.ts';

/** Result of a command. */
export type Outcome =
  | Readonly<{ verified: readonly Verified[] }>
  | Readonly<{
      resealed: Readonly<{ primaryKey: string; isDryRun: boolean; kinds: readonly Resealed[] }>;
    }>;

/** Text for a terminal. `isOk`: no further action is needed. */
export type Report = Readonly<{ text: string; isOk: boolean }>;

const maxListed = 50;

function verifiedLines({ kind, documents, records, disagreements }: Verified): string[] {
  const head = `${kind}: ${documents} documents, ${records} records, ${disagreements.length} differ`;
  const listed = disagreements.slice(0, maxListed).map(({ id, how }) => `  ${id} ${how}`);
  const more = disagreements.length - listed.length;
  return [head, ...listed, ...(more > 0 ? [`  and ${more} more`] : [])];
}

function resealedLines(primaryKey: string, { kind, documents, ...found }: Resealed): string[] {
  const keys = Object.entries(found.sealsByKey).map(
    ([keyId, count]) => `  sealed with '${keyId}': ${count}${keyId === primaryKey ? ' (primary)' : ''}`,
  );
  const failed = found.failed.map((id) => `  ${id} does not open: its key is not in the ring`);
  return [`${kind}: ${documents} documents, ${found.resealed} re-sealed`, ...keys, ...failed];
}

/** Renders the result of a command. Key counts are those from before re-sealing. */
function renderReport(outcome: Outcome): Report {
  if ('verified' in outcome) {
    const lines = outcome.verified.flatMap(verifiedLines);
    const isOk = outcome.verified.every(({ disagreements }) => disagreements.length === 0);
    return { text: `${lines.join('\n')}\n`, isOk };
  }
  const { primaryKey, isDryRun, kinds } = outcome.resealed;
  const head = isDryRun ? ['dry run: nothing is changed'] : [];
  const lines = [...head, ...kinds.flatMap((kind) => resealedLines(primaryKey, kind))];
  return { text: `${lines.join('\n')}\n`, isOk: kinds.every(({ failed }) => failed.length === 0) };
}

// Usage: `node services/subscription/dist/src/maintenance/registry-command.js verify | reseal`, with the environment of
// the service. It may run beside the service. Exit codes: 0 success, 1 a difference or failure, 2 an invalid argument.

const usage = 'usage: verify [--repair] [--json] | reseal [--dry-run] [--json]\n';
const progressEvery = 200;

async function open() {
  const config = loadConfig(configSpec, process.env);
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'registry-command',
    config,
    catalogue: metricsCatalogue,
  });
  const { clock, resources } = context;
  const bus = await openBus(context);
  const registry = openRegistry(context, await openProducer(context, bus));
  const kinds = documentKinds.map(({ kind, withSeals }) => ({ ...registry.documents(kind), withSeals }));
  const isUp = new Promise<void>((resolve) => registry.mongo.onUp(resolve));
  registry.mongo.open();
  await Promise.race([isUp, late(clock, `MongoDB at ${new URL(config.mongodbUri).host}`)]);
  const readBack = async (): Promise<void> => {
    const tables = await readTopics(bus, kinds, () => {});
    for (const table of tables) resources.add('own topic', async () => table.close());
    const ready = Promise.all(tables.map(async (table) => table.ready()));
    await Promise.race([ready, late(clock, `Kafka at ${config.kafkaBrokers.join(', ')}`)]);
  };
  return { kinds, readBack, ring: keyRing(config.sealingKeys), close: async () => resources.close(10_000) };
}

type Opened = Awaited<ReturnType<typeof open>>;

const openWithinMs = 30_000;

const late = async (clock: Clock, what: string): Promise<never> => {
  await sleep(clock, openWithinMs);
  throw new AppError({ code: 'unavailable', message: `${what} does not respond` });
};

async function verify({ kinds, readBack }: Opened, isRepair: boolean): Promise<readonly Verified[]> {
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

async function reseal({ kinds, ring }: Opened, isDryRun: boolean) {
  const done = [];
  for (const documents of kinds) {
    const onProgress = (count: number): void => {
      if (count % progressEvery === 0) process.stderr.write(`${documents.kind.name}: ${count}\n`);
    };
    done.push(await resealDocuments({ ...documents, ring, onProgress }, { isDryRun }));
  }
  return { primaryKey: ring.primaryId, isDryRun, kinds: done };
}

async function run(): Promise<number> {
  const options = {
    repair: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  } as const;
  const { positionals, values } = parseArgs({ options, allowPositionals: true });
  const [name] = positionals;
  if (positionals.length !== 1 || (name !== 'verify' && name !== 'reseal')) {
    process.stderr.write(usage);
    return 2;
  }
  const opened = await open();
  try {
    const outcome =
      name === 'verify'
        ? { verified: await verify(opened, values.repair) }
        : { resealed: await reseal(opened, values['dry-run']) };
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
