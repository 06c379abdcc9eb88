import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureTopics } from '@tidings/kafka';
import {
  type Brokers,
  DataFolder,
  type Mongo,
  type Part,
  prepareJava,
  startBrokers,
  startMongo,
} from '@tidings/local-stack';
import { silentLogger } from '@tidings/observability';
import type { TestProject } from 'vitest/node';
import type {} from './shared-stack.ts';

const prefix = 'tidings-int-';

/** One broker and the embedded MongoDB, of one worker. */
type Stack = Readonly<{ folder: DataFolder; brokers: Brokers; mongo: Mongo }>;
const parts: Part[] = [];
const folders: DataFolder[] = [];
let stacks: readonly Stack[] = [];

/**
 * Starts a stack for each worker, in a temporary folder and on free ports, and creates every topic in it. Files that
 * run in parallel then share no broker and no database, so a file cannot affect others by what it stops, floods or
 * leaves behind.
 */
export async function setup(project: TestProject): Promise<void> {
  await endAbandoned();
  // vitest runs no teardown when it is terminated; an exit handler cannot wait, so it kills.
  process.once('SIGTERM', () => process.exit(143));
  process.once('exit', killNow);
  const { maxWorkers = 1 } = project.config;
  const files = project.vitest.state.getPaths().length;
  const count = Math.max(1, Math.min(Number(maxWorkers), files));
  try {
    stacks = await Promise.all(Array.from({ length: count }, startStack));
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide('brokers', [...(stacks[0]?.brokers.brokers ?? [])]);
  project.provide(
    'stacks',
    stacks.map(({ brokers, mongo }) => ({ brokers: [...brokers.brokers], mongodbUri: mongo.url })),
  );
}

async function startStack(): Promise<Stack> {
  const folder = DataFolder.open(await mkdtemp(join(tmpdir(), prefix)));
  folders.push(folder);
  const java = await prepareJava();
  const onSpawn = (part: Part): void => {
    parts.push(part);
    folder.recordProcess(part.name, part.pid);
  };
  const [brokers, mongo] = await Promise.all([
    startBrokers({ count: 1, dataDir: folder.kafka, java, onSpawn }),
    startMongo({ dataDir: folder.mongodb, kind: 'embedded', java, onSpawn }),
  ]);
  await ensureTopics({ brokers: brokers.brokers, replicationFactor: 1, logger: silentLogger });
  return { folder, brokers, mongo };
}

/** Stops all stacks and removes their folders. */
export async function teardown(): Promise<void> {
  await Promise.all(parts.map(async (part) => part.stop()));
  process.removeListener('exit', killNow);
  for (const folder of folders) await rm(folder.path, { recursive: true, force: true });
}

function killNow(): void {
  for (const part of parts) part.signal('SIGKILL');
}

/** Cleans up after a killed test run. The lock of a run in progress protects its folder. */
async function endAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const path = join(tmpdir(), name);
    // A run that starts right now is creating a folder without a lock.
    if (!name.startsWith(prefix) || !existsSync(join(path, 'lock.json'))) continue;
    try {
      await DataFolder.open(path).endLeftovers();
    } catch {
      // The folder belongs to a run in progress, which may be removing it right now.
      continue;
    }
    await rm(path, { recursive: true, force: true });
  }
}
