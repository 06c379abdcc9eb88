import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureTopics } from '@tidings/kafka';
import { type Brokers, type Mongo, prepareJava, startBrokers, startMongo } from '@tidings/local-stack';
import { silentLogger } from '@tidings/observability';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of each broker of the stack that the integration tests share. */
    brokers: string[];
    /** URI of the embedded MongoDB of that stack, without a database name. */
    mongodbUri: string;
  }
}

let brokers: Brokers | undefined;
let mongo: Mongo | undefined;
let folder: string | undefined;

/** Starts one broker and the embedded MongoDB in a temporary folder on free ports, and creates every topic. */
export async function setup(project: TestProject): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'tidings-int-'));
  const java = await prepareJava();
  const started = await Promise.allSettled([
    startBrokers({ count: 1, dataDir: join(folder, 'kafka'), java }),
    startMongo({ dataDir: join(folder, 'mongodb'), kind: 'embedded', java }),
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
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
