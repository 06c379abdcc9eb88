import { ensureTopics } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { AppError } from '@tidings/runtime';

import { liveBrokerIds } from './broker-metadata.ts';
import { startBrokers } from './brokers.ts';
import type { DataFolder } from './data-folder.ts';
import { prepareJava } from './java-tools.ts';
import { startMongo } from './mongo.ts';
import type { Part } from './part.ts';
import type { PortNeed } from './ports.ts';

const mongoOffset = 10;
const brokerOffset = 20;
const controllerOffset = 30;

/** What the services are told about Kafka and MongoDB. */
export type Stores = Readonly<{
  brokers: readonly string[];
  replicationFactor: number;
  mongodbUri: string;
}>;

/** Where the stores of one stack run, and what it wants to know while they start. */
export type StoresContext = Readonly<{
  env: NodeJS.ProcessEnv;
  folder: DataFolder;
  brokerCount: number;
  host: string;
  portBase: number;
  /** What an error message tells the reader to change when a port is taken. */
  portSetting: string;
  signal: AbortSignal;
  print: (line: string) => void;
  timed: <T>(label: string, work: () => Promise<T>) => Promise<T>;
  onSpawn: (part: Part) => void;
}>;

/** The ports of the stores that the stack starts itself. */
export function storePorts(env: NodeJS.ProcessEnv, portBase: number, brokerCount: number): PortNeed[] {
  const needs: PortNeed[] = [];
  if (!env['MONGODB_URI']) needs.push({ port: portBase + mongoOffset, purpose: 'MongoDB' });
  if (env['KAFKA_BROKERS']) return needs;
  for (let index = 0; index < brokerCount; index += 1) {
    needs.push({ port: portBase + brokerOffset + index, purpose: `Kafka broker ${index + 1}` });
    needs.push({ port: portBase + controllerOffset + index, purpose: `Kafka controller ${index + 1}` });
  }
  return needs;
}

/** Starts Kafka and MongoDB side by side, or finds the ones that KAFKA_BROKERS and MONGODB_URI name; creates the topics. */
export async function startStores(context: StoresContext): Promise<Stores> {
  const [kafka, mongo] = await Promise.allSettled([startKafka(context), startDatabase(context)]);
  if (kafka.status === 'rejected') throw kafka.reason;
  if (mongo.status === 'rejected') throw mongo.reason;
  const { brokers, replicationFactor, nodes } = kafka.value;
  const { warnings } = await context.timed('topics', () =>
    // Topics take room: a broker that finds none dies of it, and that is what the reader must hear, not a refused connection.
    Promise.race([
      ensureTopics({ brokers, replicationFactor, logger: silentLogger }),
      ...nodes.map((node) => node.failWhenEnded()),
    ]),
  );
  for (const warning of warnings) context.print(`warning: ${warning}`);
  return { brokers, replicationFactor, mongodbUri: mongo.value };
}

type Kafka = Omit<Stores, 'mongodbUri'> & Readonly<{ nodes: readonly Part[] }>;

async function startKafka(context: StoresContext): Promise<Kafka> {
  const { env, folder, brokerCount, host, portBase, portSetting, signal, print, onSpawn } = context;
  const given = env['KAFKA_BROKERS'];
  if (given) return findKafka(given, env['REPLICATION_FACTOR']);
  const java = await prepareJava({ print, signal });
  const label = `Kafka (${brokerCount} ${brokerCount === 1 ? 'broker' : 'brokers'})`;
  return context.timed(label, async () => {
    return startBrokers({
      count: brokerCount,
      dataDir: folder.kafka,
      logDir: folder.logs,
      portBase: portBase + brokerOffset,
      host,
      java,
      portSetting,
      signal,
      onSpawn,
    });
  });
}

/** The first broker of the list that answers says how many there are; that bounds the replication factor. */
async function findKafka(given: string, replicationFactor: string | undefined): Promise<Kafka> {
  const brokers = given.split(',').map((one) => one.trim());
  for (const broker of brokers) {
    const colon = broker.lastIndexOf(':');
    const ids = await liveBrokerIds(broker.slice(0, colon), Number(broker.slice(colon + 1)) || 9092);
    if (ids === null) continue;
    return { brokers, replicationFactor: Number(replicationFactor) || Math.min(3, ids.length), nodes: [] };
  }
  throw new AppError({
    code: 'unavailable',
    message: `no Kafka broker answers at KAFKA_BROKERS=${given}. Start that cluster, or unset KAFKA_BROKERS to use an own one.`,
  });
}

async function startDatabase(context: StoresContext): Promise<string> {
  const { env, folder, host, portBase, portSetting, onSpawn } = context;
  const given = env['MONGODB_URI'];
  if (given) return given;
  return context.timed('MongoDB', async () => {
    const mongo = await startMongo({
      dataDir: folder.mongodb,
      logDir: folder.logs,
      port: portBase + mongoOffset,
      host,
      portSetting,
      onSpawn,
    });
    return mongo.url;
  });
}
