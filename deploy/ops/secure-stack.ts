import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { kafkaServices } from '../../packages/contracts/src/index.ts';
import {
  type Brokers,
  freePorts,
  type Mongo,
  prepareJava,
  startBrokers,
  startMongo,
} from '../../packages/local-stack/src/index.ts';
import { type Authority, eventually, makeAuthority } from '../../packages/testing/src/index.ts';

type Env = Readonly<Record<string, string>>;

/** A service that runs, its port, and all that it has written to its outputs. */
export type Started = Readonly<{ child: ChildProcess; port: number; log: () => string }>;

/** Every service as a process of its own with a user of its own, on brokers that refuse what a user has no right to. */
export type SecureStack = Readonly<{
  folder: string;
  authority: Authority;
  /** The file with the certificate of the authority. */
  ca: string;
  brokers: Brokers;
  mongo: Mongo;
  adminKey: string;
  /** The services that {@link startSecureStack} has started. */
  services: ReadonlyMap<string, Started>;
  /** The settings of the connection to Kafka of a user, such as `ingress` or `shop`. */
  kafkaOf: (user: string) => Env;
  /** Starts a service, with further settings; an undefined `user` connects as nobody. */
  start: (service: string, options: Readonly<{ user?: string; env?: Env }>) => Promise<Started>;
  close: () => Promise<void>;
}>;

const root = join(import.meta.dirname, '../..');

/** Options of a stack. `apps`: worker applications that get a user and rights. */
export type SecureStackOptions = Readonly<{
  apps?: readonly string[];
  adminKey: string;
  sealingKeys: string;
  passwordOf: (user: string) => string;
  /** Further settings of every service. */
  env?: Env;
  /** A client needs a certificate of the authority too: the files `client.pem` and `client.key` of the folder. Default: no. */
  clientCertificates?: boolean;
}>;

type Stores = Pick<SecureStack, 'folder' | 'authority' | 'ca' | 'brokers' | 'mongo' | 'kafkaOf'>;

/** Starts brokers with TLS and users, a MongoDB, and every service that uses Kafka, and waits until all are ready. */
export async function startSecureStack(options: SecureStackOptions): Promise<SecureStack> {
  const stores = await startStores(options);
  const { folder, brokers, mongo, kafkaOf } = stores;
  const children: ChildProcess[] = [];
  const start: SecureStack['start'] = async (service, { user, env }) => {
    const [port = 0] = await freePorts('127.0.0.1', 1);
    const child = spawn(process.execPath, [join(root, 'services/server/dist/src/main.js')], {
      env: {
        ...{ PATH: process.env['PATH'], SERVICES: service, ...(user !== undefined && kafkaOf(user)) },
        ...{ MONGODB_URI: mongo.url, ADMIN_KEY: options.adminKey, SEALING_KEYS: options.sealingKeys },
        ...{ WORKSPACE_ID: 'main', WORKSPACE_POLICY: 'open', ALLOW_HTTP_ENDPOINTS: 'true' },
        DANGEROUSLY_ALLOWED_NETWORKS: '127.0.0.0/8',
        OBJECT_STORAGE_FOLDER: join(folder, 'objects'),
        [`${service.toUpperCase()}_PORT`]: String(port),
        ...options.env,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => (output += String(chunk)));
    return { child, port, log: () => output };
  };
  const services = new Map<string, Started>();
  for (const service of kafkaServices) services.set(service, await start(service, { user: service }));
  await untilReady(services);
  const close = async () => {
    for (const child of children) child.kill('SIGKILL');
    await mongo.stop();
    await brokers.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...stores, adminKey: options.adminKey, services, start, close };
}

/** Starts what the services connect to: brokers with the topics, users and their rights, and a MongoDB. */
async function startStores({
  apps = [],
  passwordOf,
  clientCertificates = false,
}: SecureStackOptions): Promise<Stores> {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-secure-stack-'));
  const authority = makeAuthority();
  const users = [...kafkaServices, 'topics', ...apps];
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.cert);
  for (const user of users) writeFileSync(join(folder, user), passwordOf(user), { mode: 0o600 });
  const client = { cert: join(folder, 'client.pem'), key: join(folder, 'client.key') };
  const certificate = authority.issue({ hosts: ['client'] });
  writeFileSync(client.cert, certificate.cert);
  writeFileSync(client.key, certificate.key, { mode: 0o600 });
  const java = await prepareJava();
  const brokers = await startBrokers({
    count: 1,
    dataDir: join(folder, 'kafka'),
    java,
    secure: {
      certificate: authority.issue({ hosts: ['127.0.0.1'] }),
      ...(clientCertificates && { clientAuthority: authority.cert }),
      users: Object.fromEntries(users.map((user) => [`tidings-${user}`, passwordOf(user)])),
    },
  });
  const mongo = await startMongo({ dataDir: join(folder, 'mongodb'), java, kind: 'embedded' });
  const kafkaOf = (user: string): Env => ({
    KAFKA_BROKERS: brokers.secureBrokers.join(','),
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_USERNAME: `tidings-${user}`,
    KAFKA_PASSWORD_FILE: join(folder, user),
    KAFKA_CA_FILE: ca,
    ...(clientCertificates && { KAFKA_CERT_FILE: client.cert, KAFKA_KEY_FILE: client.key }),
  });
  await createTopics(['--acls', ...(apps.length > 0 ? ['--apps', apps.join(',')] : [])], {
    KAFKA_BROKERS: brokers.brokers.join(','),
  });
  await createTopics([], kafkaOf('topics'));
  return { folder, authority, ca, brokers, mongo, kafkaOf };
}

/** Runs the command that creates topics, or grants rights with `--acls`. */
export async function createTopics(args: readonly string[], env: Env): Promise<void> {
  await promisify(execFile)(process.execPath, [join(root, 'deploy/create-topics.mjs'), ...args], {
    env: { PATH: process.env['PATH'], REPLICATION_FACTOR: '1', ...env },
  });
}

async function untilReady(services: ReadonlyMap<string, Started>): Promise<void> {
  const check = async () => {
    for (const [service, { port }] of services)
      expect(await readyOf(port), service).toMatchObject({ status: 200 });
  };
  await eventually(check, { timeoutMs: 120_000 });
}

/** Returns the response of a service about its readiness. */
export async function readyOf(port: number): Promise<Readonly<{ status: number; text: string }>> {
  const response = await fetch(`http://127.0.0.1:${port}/ready`);
  return { status: response.status, text: await response.text() };
}
