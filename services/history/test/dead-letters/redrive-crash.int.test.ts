import { randomUUID } from 'node:crypto';
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
import { eventually, guardProcesses, publishTestKey, sharedBrokers } from '@tidings/testing';
import { aSubscriptionRecord } from '@tidings/testing/messages';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { historyProcesses } from '../history-process.ts';
import { aCommandState, aDeadLetter } from './dead-letter-builders.ts';

const adminKey = `an-admin-key-${randomUUID()}`;
const guard = guardProcesses();
const processes = historyProcesses({ key: adminKey, guard });
let bus: Bus;

beforeAll(async () => {
  bus = await connectKafka({ brokers: sharedBrokers(), clientId: 'redrive-test', logger: silentLogger });
});

afterAll(async () => {
  processes.killAll();
  expect(guard.faults()).toEqual([]);
  expect(guard.seen()).toContain('history find');
  guard.close();
  await bus.close();
});

it('a redrive that is paused survives kill -9, and resumes: all are sent, in order, and only one batch twice', async () => {
  const id = randomUUID().slice(0, 8);
  const workspace = workspaceId(`ws_${id}`);
  const subscription = newSubscriptionId(Date.now());
  const producer = await bus.producer();
  // Without the platform scope, which would include the poison records of other tests.
  await publishTestKey(producer, { key: adminKey, workspaceId: workspace, scopes: ['admin'] });
  const record = encodeSubscription(aSubscriptionRecord({ id: subscription, workspaceId: workspace }));
  await producer.publish({ topic: topics.subscriptions, ...record });
  // 15 batches of four. Each is ten commands to MongoDB and Kafka one after the other, a second or two on a busy machine.
  const count = 60;
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
  const reached = () => new Set(sent.map(({ body }) => body.toString())).size;
  const first = await processes.start(`crash-${id}`);
  await eventually(
    async () => expect(await first.call('GET', 'dead-letters/counts')).toMatchObject({ total: count }),
    { timeoutMs: 40_000 },
  );
  const rate = 20;
  const job = await first.call('POST', 'dead-letters/redrive', { all: true, rate_per_second: rate });
  await eventually(() => expect(reached()).toBeGreaterThan(8), { timeoutMs: 20_000 });
  const path = `jobs/${String(job['id'])}`;
  // The run is in the middle of a batch, and has no time to see the pause.
  expect(await first.call('POST', `${path}/pause`)).toMatchObject({ state: 'paused' });
  first.child.kill('SIGKILL');
  const second = await processes.start(`crash-${id}`);
  await eventually(async () => expect(await second.call('GET', path)).toMatchObject({ state: 'paused' }), {
    timeoutMs: 40_000,
  });
  expect(reached()).toBeLessThan(count);
  expect(await second.call('POST', `${path}/resume`)).toMatchObject({ kind: 'redrive', state: 'queued' });
  // Step by step: the claim of the killed process expires first, and each batch takes as long as the machine needs.
  for (const step of [20, 30, 40, 50, count])
    await eventually(() => expect(reached()).toBeGreaterThanOrEqual(step), { timeoutMs: 40_000 });
  await eventually(
    async () =>
      expect(await second.call('GET', path)).toMatchObject({
        state: 'done',
        progress: { percent: 100, counts: { failed: 0 } },
      }),
    { timeoutMs: 20_000 },
  );
  const firsts = [...new Set(sent.map(({ body }) => Number(body.toString())))];
  expect(firsts).toEqual(Array.from({ length: count }, (_, n) => n));
  expect(sent.every(({ state }) => state.chain === 1 && state.attempt === 1)).toBe(true);
  expect(sent.length - count).toBeLessThanOrEqual(Math.ceil(rate / 5));
  const counts = await second.call('GET', 'dead-letters/counts?state=redriven');
  expect(counts).toMatchObject({ total: count });
}, 180_000);
