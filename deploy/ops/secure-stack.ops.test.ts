import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chain, createWorker, step } from '../../packages/chains/src/index.ts';
import { appTopics, kafkaServices } from '../../packages/contracts/src/index.ts';
import { connectKafka, openSecurity } from '../../packages/kafka/src/index.ts';
import { silentLogger as logger } from '../../packages/observability/src/index.ts';
import { eventually } from '../../packages/testing/src/index.ts';
import { readyOf, type SecureStack, startSecureStack } from './secure-stack.ts';

const passwordOf = (user: string): string => `password-of-${user}`;
let stack: SecureStack;

/** Sends a request such as `GET /v1/webhooks/runs` to a service. */
const ask = async <T>(service: string, call: string, body?: object): Promise<T> => {
  const [method, path] = call.split(' ');
  const response = await fetch(`http://127.0.0.1:${stack.services.get(service)?.port}${path}`, {
    method: method ?? '',
    headers: { authorization: `Bearer ${stack.adminKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${call}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
};

const patience = { timeoutMs: 120_000 };

beforeAll(async () => {
  stack = await startSecureStack({
    apps: ['shop', 'billing'],
    adminKey: 'key-of-the-secure-stack',
    sealingKeys: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
    passwordOf,
  });
}, 300_000);

afterAll(async () => {
  await stack?.close();
});

/** Refusals of the brokers so far, of users of this test. */
const refusals = async (): Promise<readonly string[]> => {
  const log = await readFile(join(stack.folder, 'kafka/broker-1.log'), 'utf8');
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
      tls: { ca: stack.ca },
      sasl: { mechanism: 'SCRAM-SHA-512', username: `tidings-${user}`, password: passwordOf(user) },
    },
    { logger },
  );

test('a worker application works with its rights, and cannot read the topics of another one', async () => {
  const done: unknown[] = [];
  const options = (app: string) =>
    ({
      ...{ brokers: stack.brokers.secureBrokers, app, logger, signals: false },
      tls: { ca: stack.ca },
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
    brokers: stack.brokers.secureBrokers,
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
    const { child, port, log } = await stack.start(service, { user: 'shop' });
    await eventually(async () => {
      // The API of subscription answers from MongoDB also while it cannot publish.
      expect((await readyOf(port)).status).toBe(service === 'subscription' ? 200 : 503);
      expect(log()).toMatch(/(TOPIC|GROUP)_AUTHORIZATION_FAILED/);
    }, patience);
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
  },
);
