import {
  type ClientSecurity,
  countBrokers,
  ensureTopics,
  kafkaSettings,
  openSecurity,
  securityOf,
} from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { AppError, loadConfig } from '@tidings/runtime';
import type { DataFolder } from '../data-folder.ts';
import { prepareJava } from '../java/java-tools.ts';
import type { PortNeed } from '../ports.ts';
import type { Part } from '../processes/part.ts';
import { liveBrokerIds } from './broker-metadata.ts';
import { startBrokers } from './brokers.ts';
import { startMongo } from './mongo.ts';

const mongoOffset = 10;
const brokerOffset = 20;
const controllerOffset = 30;

/** The Kafka and MongoDB settings that the services receive. */
export type Stores = Readonly<{
  brokers: readonly string[];
  replicationFactor: number;
  mongodbUri: string;
}>;

/** The locations of a stack's stores, and the callbacks during their start. */
export type StoresContext = Readonly<{
  env: NodeJS.ProcessEnv;
  folder: DataFolder;
  brokerCount: number;
  host: string;
  portBase: number;
  /** The setting that an error message names when a port is in use. */
  portSetting: string;
  signal: AbortSignal;
  print: (line: string) => void;
  timed: <T>(label: string, work: () => Promise<T>) => Promise<T>;
  onSpawn: (part: Part) => void;
}>;

/** Returns the ports of the stores that the stack starts itself. */
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

/**
 * Starts Kafka and MongoDB in parallel, or connects to those that KAFKA_BROKERS and MONGODB_URI name; creates the
 * topics.
 */
export async function startStores(context: StoresContext): Promise<Stores> {
  const [kafka, mongo] = await Promise.allSettled([startKafka(context), startDatabase(context)]);
  if (kafka.status === 'rejected') throw kafka.reason;
  if (mongo.status === 'rejected') throw mongo.reason;
  const { brokers, replicationFactor, nodes, security } = kafka.value;
  const { warnings } = await context.timed('topics', () =>
    // Topics require disk space: a broker without any exits, and the error must report that instead of a refused
    // connection.
    Promise.race([
      ensureTopics({
        ...{ brokers, replicationFactor, logger: silentLogger },
        ...(security !== undefined && { security }),
      }),
      ...nodes.map((node) => node.failWhenEnded()),
    ]),
  );
  for (const warning of warnings) context.print(`warning: ${warning}`);
  return { brokers, replicationFactor, mongodbUri: mongo.value };
}

type Kafka = Omit<Stores, 'mongodbUri'> & Readonly<{ nodes: readonly Part[]; security?: ClientSecurity }>;

async function startKafka(context: StoresContext): Promise<Kafka> {
  const { env, folder, brokerCount, host, portBase, portSetting, signal, print, onSpawn } = context;
  const given = env['KAFKA_BROKERS'];
  if (given) return findKafka(given, env);
  const java = await prepareJava({ print, signal });
  const label = `Kafka (${brokerCount} ${brokerCount === 1 ? 'broker' : 'brokers'})`;
  return context.timed(label, async () => {
    return startBrokers({
      count: brokerCount,
      dataDir: folder.kafka,
      logDir: folder.logs,
      portBase: portBase + brokerOffset,
      advertisedPortOffset: readOffset(env['KAFKA_ADVERTISED_PORT_OFFSET']),
      host,
      java,
      portSetting,
      signal,
      print,
      onSpawn,
    });
  });
}

/** Reads KAFKA_ADVERTISED_PORT_OFFSET: proxies in front of the brokers, with which `npm run chaos` breaks the network. */
function readOffset(text = '0'): number {
  const offset = Number(text);
  if (/^\d{1,4}$/.test(text)) return offset;
  throw new AppError({
    code: 'config-invalid',
    message: `KAFKA_ADVERTISED_PORT_OFFSET must be an integer from 0 to 9999, got '${text}'.`,
  });
}

/** Returns the cluster's broker count from the first broker that responds; it limits the replication factor. */
async function findKafka(given: string, env: StoresContext['env']): Promise<Kafka> {
  const brokers = given.split(',').map((one) => one.trim());
  const security = openSecurity(securityOf(loadConfig(kafkaSettings, env)), { logger: silentLogger });
  const replicas = (count: number): number => Number(env['REPLICATION_FACTOR']) || Math.min(3, count);
  if (env['KAFKA_SECURITY_PROTOCOL'] !== undefined) {
    const count = await countBrokers({ brokers, security, logger: silentLogger });
    return { brokers, replicationFactor: replicas(count), nodes: [], security };
  }
  for (const broker of brokers) {
    const colon = broker.lastIndexOf(':');
    const ids = await liveBrokerIds(broker.slice(0, colon), Number(broker.slice(colon + 1)) || 9092);
    if (ids === null) continue;
    return { brokers, replicationFactor: replicas(ids.length), nodes: [] };
  }
  throw new AppError({
    code: 'unavailable',
    message: `no Kafka broker answers at KAFKA_BROKERS=${given}. Start that cluster, or unset KAFKA_BROKERS to use an own one.`,
  });
}

async function startDatabase(context: StoresContext): Promise<string> {
  const { env, folder, host, portBase, portSetting, print, onSpawn } = context;
  const given = env['MONGODB_URI'];
  if (given) return given;
  return context.timed('MongoDB', async () => {
    const mongo = await startMongo({
      dataDir: folder.mongodb,
      logDir: folder.logs,
      port: portBase + mongoOffset,
      host,
      portSetting,
      print,
      onSpawn,
    });
    return mongo.url;
  });
}
