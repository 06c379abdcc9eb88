import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '@tidings/runtime';
import { type JavaTools, javaLaunch, prepareJava } from '../java/java-tools.ts';
import { damagedFile, readJsonFile, writeJsonFile } from '../json-file.ts';
import { freePorts, type PortNeed, requireFreePorts } from '../ports.ts';
import { Part } from '../processes/part.ts';
import { liveBrokerIds } from './broker-metadata.ts';
import { type BrokerPlace, brokerProperties, propertiesText } from './broker-settings.ts';
import { type SecureListener, scramUsers, secureProperties } from './secure-listener.ts';

// At rest 40 to 60 MB are live. The young generation does not grow with the heap: nearly all requests die in 16 MB. The old
// one has room for some minutes of what does not, since its collection stops all requests for 70 to 120 ms: with 32 MB
// for both, every ten seconds at 200 events a second.
const heapArgs = ['-Xms96m', '-Xmn16m', '-Xmx512m'];
const readyTimeoutMs = 60_000;
const stopGraceMs = 12_000;

/** Options of a cluster. */
export type BrokersOptions = Readonly<{
  /** 1, or 3 for replication factor 3 with two in-sync replicas. */
  count: number;
  /** The storage folder, formatted at the first start; each broker has a subfolder `broker-N`. */
  dataDir: string;
  /** The folder of the log files, one per broker. Default: `dataDir`. */
  logDir?: string;
  /** The base port: broker N listens on portBase + N − 1, its controller 10 above, its secure listener 20. Default: any free ports. */
  portBase?: number;
  /** Added to the port of a broker in the address that clients get: for proxies, which have to run before. Default: 0. */
  advertisedPortOffset?: number;
  /** Default: 127.0.0.1. */
  host?: string;
  /** Default: {@link prepareJava}. */
  java?: JavaTools;
  /** The setting that an error message names when a port is in use. */
  portSetting?: string;
  /** A second listener of each broker, with TLS, users and rights. Default: none. */
  secure?: SecureListener;
  /** Prints a line on the terminal. */
  print?: (line: string) => void;
  /** Runs at every start of a broker process. */
  onSpawn?: (part: Part) => void;
  /** Aborts a start. */
  signal?: AbortSignal;
}>;

/** One broker: a {@link Part} with an address. */
export type Broker = Part & Readonly<{ address: string; secureAddress?: string; nodeId: number }>;

/** A running cluster. */
export type Brokers = Readonly<{
  /** `host:port` of every broker, for KAFKA_BROKERS. */
  brokers: readonly string[];
  /** `host:port` of the secure listener of every broker; empty without one. */
  secureBrokers: readonly string[];
  replicationFactor: number;
  nodes: readonly Broker[];
  /** Stops all brokers together: the last ones could not leave a quorum that no longer exists. */
  stop: (graceMs?: number) => Promise<void>;
}>;

type Cluster = Readonly<{ clusterId: string; brokers: number }>;

class BrokerPart extends Part {
  readonly address: string;
  readonly secureAddress?: string;
  readonly nodeId: number;

  constructor(place: BrokerPlace, context: BrokerContext) {
    const { host, java, folder, logDir, count, clusterId, users } = context;
    const main = ['LocalBroker', join(folder, 'server.properties'), place.dataFolder, clusterId, ...users];
    super({
      process: {
        name: `broker-${place.nodeId}`,
        command: java.java,
        args: [],
        logFile: join(logDir, `broker-${place.nodeId}.log`),
      },
      launch: () => javaLaunch(java, { program: 'broker', heapArgs, main, logDir }),
      print: context.print,
      isReady: async () => (await liveBrokerIds(host, place.port))?.length === count(),
      readyTimeoutMs,
      stopGraceMs,
      onSpawn: context.onSpawn,
    });
    this.address = `${host}:${place.port}`;
    if (place.securePort !== undefined) this.secureAddress = `${host}:${place.securePort}`;
    this.nodeId = place.nodeId;
  }
}

type BrokerContext = Readonly<{
  host: string;
  java: JavaTools;
  folder: string;
  logDir: string;
  clusterId: string;
  /** Users with passwords, which the storage is formatted with. */
  users: readonly string[];
  /** The number of brokers that must be in the cluster before this one counts as ready. */
  count: () => number;
  print: ((line: string) => void) | undefined;
  onSpawn: ((part: Part) => void) | undefined;
}>;

/**
 * Starts Apache Kafka in KRaft mode, one Java process per broker, and resolves when every broker sees all others.
 * @throws AppError: `conflict` (port in use; data of another cluster size), `unavailable` or `timeout` (failed start)
 */
export async function startBrokers(options: BrokersOptions): Promise<Brokers> {
  const { count, dataDir, logDir = dataDir, host = '127.0.0.1', portSetting = 'portBase', secure } = options;
  const java = options.java ?? (await prepareJava());
  const places = await choosePlaces(options, host);
  await requireFreePorts(host, places.flatMap(portsOf), portSetting);
  mkdirSync(dataDir, { recursive: true });
  const { clusterId } = openCluster(dataDir, count);
  const nodes: BrokerPart[] = [];
  const expected = (): number => nodes.filter((node) => node.isRunning).length;
  for (const place of places) {
    const folder = join(dataDir, `broker-${place.nodeId}`);
    mkdirSync(folder, { recursive: true });
    const properties = {
      ...brokerProperties(host, place, places),
      ...(secure !== undefined && secureProperties(secure, { host, place, folder })),
    };
    writeFileSync(join(folder, 'server.properties'), propertiesText(properties), { mode: 0o600 });
    const { print, onSpawn } = options;
    const users = secure === undefined ? [] : scramUsers(secure);
    const context = { host, java, folder, logDir, clusterId, users, count: expected, print, onSpawn };
    nodes.push(new BrokerPart(place, context));
  }
  const stop = async (graceMs?: number): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop(graceMs)));
  };
  try {
    options.signal?.throwIfAborted();
    await Promise.all(nodes.map((node) => node.spawn()));
    await Promise.all(nodes.map((node) => node.ready()));
  } catch (error) {
    await Promise.all(nodes.map((node) => node.kill9()));
    throw error;
  }
  const secureBrokers = nodes.flatMap(({ secureAddress }) => secureAddress ?? []);
  const brokers = nodes.map(({ address }) => address);
  return { brokers, secureBrokers, replicationFactor: Math.min(3, count), nodes, stop };
}

const portsOf = ({ nodeId, port, controllerPort, securePort }: BrokerPlace): readonly PortNeed[] => [
  { port, purpose: `Kafka broker ${nodeId}` },
  { port: controllerPort, purpose: `Kafka controller ${nodeId}` },
  ...(securePort === undefined
    ? []
    : [{ port: securePort, purpose: `secure listener of Kafka broker ${nodeId}` }]),
];

async function choosePlaces(options: BrokersOptions, host: string): Promise<BrokerPlace[]> {
  const { count, dataDir, portBase, secure, advertisedPortOffset = 0 } = options;
  const perBroker = secure === undefined ? 2 : 3;
  const free = portBase === undefined ? await freePorts(host, count * perBroker) : [];
  return Array.from({ length: count }, (_, index) => {
    const port = free[index * perBroker] ?? (portBase ?? 0) + index;
    return {
      nodeId: index + 1,
      port,
      advertisedPort: port + advertisedPortOffset,
      controllerPort: free[index * perBroker + 1] ?? (portBase ?? 0) + 10 + index,
      ...(secure !== undefined && {
        securePort: free[index * perBroker + 2] ?? (portBase ?? 0) + 20 + index,
      }),
      dataFolder: join(dataDir, `broker-${index + 1}`, 'data'),
    };
  });
}

/** Returns the number of brokers that the data in `dataDir` was created with, or null if there is none yet. */
export function recordedBrokerCount(dataDir: string): number | null {
  return readCluster(join(dataDir, 'cluster.json'))?.brokers ?? null;
}

/**
 * Opens or creates the cluster record. A KRaft quorum of fixed voters cannot change its size, so the size is stored
 * with the data.
 */
function openCluster(dataDir: string, count: number): Cluster {
  const file = join(dataDir, 'cluster.json');
  const known = readCluster(file);
  if (known === null) {
    // Kafka's own tool parses a leading hyphen as an option.
    const clusterId = randomBytes(16).toString('base64url').replaceAll('-', 'A');
    const cluster = { clusterId, brokers: count };
    writeJsonFile(file, cluster);
    return cluster;
  }
  if (known.brokers === count) return known;
  throw new AppError({
    code: 'conflict',
    message: `the Kafka data in ${dataDir} was made with ${known.brokers} broker(s), not ${count}. Start with --brokers ${known.brokers}, or with --data and another folder.`,
  });
}

function readCluster(file: string): Cluster | null {
  const kept = readJsonFile(file);
  if (kept === null) return null;
  const { clusterId, brokers } = kept;
  if (typeof clusterId === 'string' && typeof brokers === 'number') return { clusterId, brokers };
  throw damagedFile(file);
}
