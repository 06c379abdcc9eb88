import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  type DeliveryRequested,
  decodeDelivery,
  encodeDeadLetter,
  encodeSubscription,
  newEventId,
  newSubscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { type Bus, connectKafka } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import {
  eventually,
  guardProcesses,
  publishTestKey,
  sharedBrokers,
  sharedMongodbUri,
} from '@tidings/testing';
import { aSubscriptionRecord } from '@tidings/testing/messages';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testSealingKeys } from './builders.ts';
import { aCommandState, aDeadLetter } from './dead-letter-builders.ts';

const adminKey = `an-admin-key-${randomUUID()}`;
const entry = fileURLToPath(new URL('../../server/dist/src/main.js', import.meta.url));
const guard = guardProcesses();
const children: ChildProcess[] = [];
let bus: Bus;

beforeAll(async () => {
  bus = await connectKafka({ brokers: sharedBrokers(), clientId: 'redrive-test', logger: silentLogger });
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  expect(guard.faults()).toEqual([]);
  expect(guard.seen()).toContain('history find');
  guard.close();
  await bus.close();
});

const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

const startProcess = async (id: string) => {
  const port = await freePort();
  const child = spawn(process.execPath, [entry], {
    env: {
      PATH: process.env['PATH'],
      ...guard.env,
      SERVICES: 'history',
      KAFKA_BROKERS: sharedBrokers().join(','),
      MONGODB_URI: sharedMongodbUri(),
      SEALING_KEYS: testSealingKeys,
      HISTORY_PORT: String(port),
      HISTORY_GROUP: `crash-${id}`,
      HISTORY_DATABASE: `crash_${id}`,
    },
    stdio: 'ignore',
  });
  children.push(child);
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/webhooks/${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  return { child, call };
};

it('a redrive that is paused survives kill -9, and resumes: all are sent, in order, and only one batch twice', async () => {
  const id = randomUUID().slice(0, 8);
  const workspace = workspaceId(`ws_${id}`);
  const subscription = newSubscriptionId(Date.now());
  const producer = await bus.producer();
  // Without the platform scope, which would include the poison records of other tests.
  await publishTestKey(producer, { key: adminKey, workspaceId: workspace, scopes: ['admin'] });
  const record = encodeSubscription(aSubscriptionRecord({ id: subscription, workspaceId: workspace }));
  await producer.publish({ topic: topics.subscriptions, ...record });
  const count = 120;
  for (let n = 0; n < count; n += 1) {
    const eventId = newEventId(Date.now());
    const state = aCommandState(1, { workspaceId: workspace, subscriptionId: subscription, eventId });
    const body = Buffer.from(String(n));
    await producer.publish({
      topic: topics.deadLetters,
      ...encodeDeadLetter(aDeadLetter(state), body, null),
    });
  }
  const sent: DeliveryRequested[] = [];
  await bus.runPartitions({
    group: `redrive-test-${id}`,
    topics: [topics.deliveries],
    decode: decodeDelivery,
    onBatch: ({ items }) => {
      for (const item of items) {
        if (item.message.state.subscriptionId === subscription) sent.push(item.message);
        item.done();
      }
    },
  });
  const first = await startProcess(id);
  await eventually(
    async () => expect(await first.call('GET', 'dead-letters/counts')).toMatchObject({ total: count }),
    { timeoutMs: 40_000 },
  );
  const rate = 20;
  const job = await first.call('POST', 'dead-letters/redrive', { all: true, rate_per_second: rate });
  await eventually(() => expect(sent.length).toBeGreaterThan(30), { timeoutMs: 20_000 });
  const path = `jobs/${String(job['id'])}`;
  // The run is in the middle of a batch, and has no time to see the pause.
  expect(await first.call('POST', `${path}/pause`)).toMatchObject({ state: 'paused' });
  first.child.kill('SIGKILL');
  const second = await startProcess(id);
  await eventually(async () => expect(await second.call('GET', path)).toMatchObject({ state: 'paused' }), {
    timeoutMs: 40_000,
  });
  expect(new Set(sent.map(({ body }) => body.toString())).size).toBeLessThan(count);
  expect(await second.call('POST', `${path}/resume`)).toMatchObject({ kind: 'redrive', state: 'queued' });
  await eventually(
    async () =>
      expect(await second.call('GET', path)).toMatchObject({
        state: 'done',
        progress: { percent: 100, counts: { failed: 0 } },
      }),
    { timeoutMs: 60_000 },
  );
  await eventually(() => expect(new Set(sent.map(({ body }) => body.toString())).size).toBe(count));
  const firsts = [...new Set(sent.map(({ body }) => Number(body.toString())))];
  expect(firsts).toEqual(Array.from({ length: count }, (_, n) => n));
  expect(sent.every(({ state }) => state.chain === 1 && state.attempt === 1)).toBe(true);
  expect(sent.length - count).toBeLessThanOrEqual(Math.ceil(rate / 5));
  const counts = await second.call('GET', 'dead-letters/counts?state=redriven');
  expect(counts).toMatchObject({ total: count });
}, 180_000);
