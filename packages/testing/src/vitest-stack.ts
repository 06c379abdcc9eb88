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
let brokers: Brokers | undefined;
let mongo: Mongo | undefined;
let folder: DataFolder | undefined;

/** Starts one broker and the embedded MongoDB in a temporary folder on free ports, and creates every topic. */
export async function setup(project: TestProject): Promise<void> {
  await endAbandoned();
  const mine = DataFolder.open(await mkdtemp(join(tmpdir(), prefix)));
  folder = mine;
  // vitest runs no teardown when it is told to end; an exit handler has no time to wait, so it kills.
  process.once('SIGTERM', () => process.exit(143));
  process.once('exit', killNow);
  const java = await prepareJava();
  const onSpawn = (part: Part): void => mine.recordProcess(part.name, part.pid);
  const started = await Promise.allSettled([
    startBrokers({ count: 1, dataDir: mine.kafka, java, onSpawn }),
    startMongo({ dataDir: mine.mongodb, kind: 'embedded', java, onSpawn }),
  ]);
  const [kafkaStart, mongoStart] = started;
  if (kafkaStart.status === 'fulfilled') brokers = kafkaStart.value;
  if (mongoStart.status === 'fulfilled') mongo = mongoStart.value;
  if (brokers === undefined || mongo === undefined) {
    await teardown();
    throw started.find((result) => result.status === 'rejected')?.reason;
  }
  await ensureTopics({ brokers: brokers.brokers, replicationFactor: 1, logger: silentLogger });
  project.provide('brokers', [...brokers.brokers]);
  project.provide('mongodbUri', mongo.url);
}

/** Stops both and removes the folder. */
export async function teardown(): Promise<void> {
  await Promise.all([brokers?.stop(), mongo?.stop()]);
  process.removeListener('exit', killNow);
  if (folder !== undefined) await rm(folder.path, { recursive: true, force: true });
}

function killNow(): void {
  for (const part of [...(brokers?.nodes ?? []), mongo]) part?.signal('SIGKILL');
}

/** Ends what a test run that was killed has left behind. The lock of a run that goes on keeps its folder. */
async function endAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const path = join(tmpdir(), name);
    // One without a lock is being made by a run that starts right now.
    if (!name.startsWith(prefix) || !existsSync(join(path, 'lock.json'))) continue;
    try {
      await DataFolder.open(path).endLeftovers();
    } catch {
      // It belongs to a run that goes on, or is being removed by it right now.
      continue;
    }
    await rm(path, { recursive: true, force: true });
  }
}
