import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chain, createWorker, step } from '../../packages/chains/src/index.ts';
import { appTopics, kafkaServices } from '../../packages/contracts/src/index.ts';
import { connectKafka, openSecurity } from '../../packages/kafka/src/index.ts';
import {
  type Brokers,
  freePorts,
  type Mongo,
  prepareJava,
  startBrokers,
  startMongo,
} from '../../packages/local-stack/src/index.ts';
import { silentLogger as logger } from '../../packages/observability/src/index.ts';
import { eventually, makeAuthority } from '../../packages/testing/src/index.ts';

// Every service as a process of its own with a user of its own, on brokers that refuse what a user has no right to.

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'tidings-secure-stack-'));
const authority = makeAuthority();
const ca = join(folder, 'ca.pem');
const adminKey = 'key-of-the-secure-stack';
const users = [...kafkaServices, 'topics', 'shop', 'billing'];
const passwordOf = (user: string): string => `password-of-${user}`;
const children: ChildProcess[] = [];
const ports = new Map<string, number>();
let brokers: Brokers;
let mongo: Mongo;

const kafkaOf = (user: string): Readonly<Record<string, string>> => ({
  KAFKA_BROKERS: brokers.secureBrokers.join(','),
  KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
  KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
  KAFKA_USERNAME: `tidings-${user}`,
  KAFKA_PASSWORD_FILE: join(folder, user),
  KAFKA_CA_FILE: ca,
});

const createTopics = async (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> => {
  await promisify(execFile)(process.execPath, [join(root, 'deploy/create-topics.mjs'), ...args], {
    env: { PATH: process.env['PATH'], REPLICATION_FACTOR: '1', ...env },
  });
};

type Started = Readonly<{ child: ChildProcess; port: number; log: () => string }>;

const start = async (service: string, user: string): Promise<Started> => {
  const [port = 0] = await freePorts('127.0.0.1', 1);
  const child = spawn(process.execPath, [join(root, 'services/server/dist/src/main.js')], {
    env: {
      PATH: process.env['PATH'],
      SERVICES: service,
      ...kafkaOf(user),
      MONGODB_URI: mongo.url,
      ADMIN_KEY: adminKey,
      WORKSPACE_ID: 'main',
      WORKSPACE_POLICY: 'open',
      SEALING_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
      DANGEROUSLY_ALLOWED_NETWORKS: '127.0.0.0/8',
      ALLOW_HTTP_ENDPOINTS: 'true',
      OBJECT_STORAGE_FOLDER: join(folder, 'objects'),
      [`${service.toUpperCase()}_PORT`]: String(port),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  return { child, port, log: () => output };
};

const ready = async (port: number): Promise<Readonly<{ status: number; text: string }>> => {
  const response = await fetch(`http://127.0.0.1:${port}/ready`);
  return { status: response.status, text: await response.text() };
};

/** Sends a request such as `GET /v1/webhooks/runs` to a service. */
const ask = async <T>(service: string, call: string, body?: object): Promise<T> => {
  const [method, path] = call.split(' ');
  const response = await fetch(`http://127.0.0.1:${ports.get(service)}${path}`, {
    method: method ?? '',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${call}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
};

const patience = { timeoutMs: 120_000 };

beforeAll(async () => {
  writeFileSync(ca, authority.cert);
  for (const user of users) writeFileSync(join(folder, user), passwordOf(user), { mode: 0o600 });
  const java = await prepareJava();
  brokers = await startBrokers({
    count: 1,
    dataDir: join(folder, 'kafka'),
    java,
    secure: {
      certificate: authority.issue({ hosts: ['127.0.0.1'] }),
      users: Object.fromEntries(users.map((user) => [`tidings-${user}`, passwordOf(user)])),
    },
  });
  mongo = await startMongo({ dataDir: join(folder, 'mongodb'), java, kind: 'embedded' });
  await createTopics(['--acls', '--apps', 'shop,billing'], { KAFKA_BROKERS: brokers.brokers.join(',') });
  await createTopics([], kafkaOf('topics'));
  for (const service of kafkaServices) {
    const { port } = await start(service, service);
    ports.set(service, port);
  }
  await eventually(async () => {
    for (const [service, port] of ports) expect(await ready(port), service).toMatchObject({ status: 200 });
  }, patience);
}, 300_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await mongo.stop();
  await brokers.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Refusals of the brokers so far, of users of this test. */
const refusals = async (): Promise<readonly string[]> => {
  const log = await readFile(join(folder, 'kafka/broker-1.log'), 'utf8');
  return log.split('\n').filter((line) => /User:tidings-\S+ .*Denied|Denied .*User:tidings-/.test(line));
};

type Delivery = Readonly<{ id: string; status: string }>;
type Listed<T> = Readonly<{ data: readonly T[] }>;

test('with the rights of each service an event is delivered, retried, dead-lettered, replayed and shown', async () => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const isFirst = !requests.includes(path);
    requests.push(path);
    response.writeHead(path === '/dead' || (path === '/flaky' && isFirst) ? 503 : 204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const subscribe = async (path: string) =>
    ask('subscription', 'POST /v1/webhooks/subscriptions', {
      endpoint_url: `http://127.0.0.1:${port}${path}`,
      events: ['order.paid'],
      send_test: false,
      retry_schedule: [1],
    });
  for (const path of ['/ok', '/flaky', '/dead']) await subscribe(path);
  const from = new Date().toISOString();
  await ask('ingress', 'POST /v1/events', { type: 'order.paid', data: { order: 1 } });
  await eventually(async () => {
    const { data } = await ask<Listed<Delivery>>('history', 'GET /v1/webhooks/deliveries');
    expect(data.map(({ status }) => status).toSorted()).toEqual(['dead_lettered', 'delivered', 'delivered']);
  }, patience);
  expect(requests.filter((path) => path === '/flaky')).toHaveLength(2);
  await eventually(async () => {
    const { data } = await ask<Listed<object>>('history', 'GET /v1/webhooks/dead-letters');
    expect(data).toHaveLength(1);
  }, patience);
  const { id } = await ask<Readonly<{ id: string }>>('history', 'POST /v1/webhooks/replays', {
    from,
    target: { all: true },
  });
  await eventually(async () => {
    const job = await ask<Readonly<{ state: string }>>('history', `GET /v1/webhooks/jobs/${id}`);
    expect(job.state).toBe('done');
    expect(requests.filter((path) => path === '/ok').length).toBeGreaterThanOrEqual(2);
  }, patience);
  server.closeAllConnections();
  server.close();
  expect(await refusals()).toEqual([]);
});

const security = (user: string) =>
  openSecurity(
    {
      tls: { ca },
      sasl: { mechanism: 'SCRAM-SHA-512', username: `tidings-${user}`, password: passwordOf(user) },
    },
    { logger },
  );

test('a worker application works with its rights, and cannot read the topics of another one', async () => {
  const done: unknown[] = [];
  const options = (app: string) =>
    ({
      ...{ brokers: brokers.secureBrokers, app, logger, signals: false },
      tls: { ca },
      sasl: { mechanism: 'SCRAM-SHA-512', username: `tidings-${app}`, password: passwordOf(app) },
    }) as const;
  const shop = createWorker(options('shop')).on(
    'order.made',
    chain([step('note', {}, async (input) => void done.push(input))]),
  );
  const billing = createWorker(options('billing')).on(
    'order.made',
    chain([step('bill', {}, async () => {})]),
  );
  await Promise.all([shop.start(), billing.start()]);
  await ask('ingress', 'POST /v1/events', { type: 'order.made', data: { order: 2 } });
  await eventually(() => expect(done).toEqual([{ order: 2 }]), patience);
  await eventually(async () => {
    const { data } = await ask<Listed<Readonly<{ app: string; status: string }>>>(
      'history',
      'GET /v1/webhooks/runs',
    );
    expect(data.map(({ app, status }) => `${app} ${status}`).toSorted()).toEqual([
      'billing completed',
      'shop completed',
    ]);
  }, patience);
  await Promise.all([shop.close(), billing.close()]);
  expect(await refusals()).toEqual([]);
  const bus = await connectKafka({
    brokers: brokers.secureBrokers,
    clientId: 'shop',
    logger,
    security: security('shop'),
  });
  await expect(bus.ends([appTopics('billing').runLog])).rejects.toThrow('TOPIC_AUTHORIZATION_FAILED');
  await bus.close({ drainMs: 0 });
});

test.each(kafkaServices)(
  '%s with the user of another one goes on, tells it by its readiness, and says why',
  async (service) => {
    const { child, port, log } = await start(service, 'shop');
    await eventually(async () => {
      // The API of subscription answers from MongoDB also while it cannot publish.
      expect((await ready(port)).status).toBe(service === 'subscription' ? 200 : 503);
      expect(log()).toMatch(/(TOPIC|GROUP)_AUTHORIZATION_FAILED/);
    }, patience);
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
  },
);
