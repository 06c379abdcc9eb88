import { openBus, openProducer } from '@tidings/kafka';
import { createServiceContext } from '@tidings/observability';
import { AppError, type Clock, keyRing, loadConfig, sleep } from '@tidings/runtime';
import { configSpec } from '../config.ts';
import { metricsCatalogue } from '../metrics.ts';
import { openRegistry, readTopics } from '../registry/adapters/open-registry.ts';
import type { DocumentKind } from '../registry/document-kind.ts';
import type { Documents } from '../registry/documents.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import { documentKinds } from './document-kinds.ts';

/** Opens the registry for a command, on the settings of the service, and waits until MongoDB responds. */
export async function openCommand() {
  // A command has time, and what the log has not acknowledged has to be repeated by hand.
  const config = { ...loadConfig(configSpec, process.env), publishWaitMs };
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
  /** Returns the documents of one kind, which are among `kinds`. */
  const documentsOfKind = <T extends Versioned>({ name }: DocumentKind<T>): Documents<T> => {
    const found = kinds.find(({ kind }) => kind.name === name);
    if (found === undefined) throw new Error(`the registry has no documents of the kind '${name}'`);
    return found as unknown as Documents<T>;
  };
  return {
    ...{ bus, audit: registry.audit, kinds, documentsOfKind, readBack },
    ring: keyRing(config.sealingKeys),
    close: async () => resources.close(10_000),
  };
}

/** Parts that a command works on. `readBack`: reads the topics to their ends, and goes on reading. */
export type OpenedCommand = Awaited<ReturnType<typeof openCommand>>;

const openWithinMs = 30_000;
const publishWaitMs = 30_000;

const late = async (clock: Clock, what: string): Promise<never> => {
  await sleep(clock, openWithinMs);
  throw new AppError({ code: 'unavailable', message: `${what} does not respond` });
};
