import {
  decodeJobRecord,
  type EventAccepted,
  encodeEvent,
  encodeJobRecord,
  eventId,
  type JobOrdered,
  jobPartition,
  subscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { acmeKey, newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';

afterEach(stopAll);

const path = '/v1/webhooks/replays';
const from = '2026-11-22T10:00:00.000Z';
const anEvent = (n: number): EventAccepted => ({
  type: 'EventAccepted.v1',
  id: eventId(`evt_${String(n).padStart(32, '0')}`),
  ...{ callerId: null, workspaceId: workspaceId('ws_demo'), consumerId: null, eventType: 'order.paid' },
  ...{ source: '/orders', time: from, orderingKey: null, traceparent: null, data: Buffer.from('{}') },
});
const anHour = { from, to: '2026-11-22T11:00:00.000Z' };

/** Makes the log of a memory bus begin at this offset, as retention does. */
const cutAt = (backing: ReturnType<typeof newBacking>, first: bigint) => ({
  ...backing,
  bus: {
    ...backing.bus,
    lag: async (...query: Parameters<typeof backing.bus.lag>) => {
      const lags = await backing.bus.lag(...query);
      return lags.map((lag) =>
        lag.topic === topics.events.name && lag.partition === 3 ? { ...lag, committedOffset: first } : lag,
      );
    },
  },
});

const ordersOf = ({ bus }: ReturnType<typeof newBacking>) =>
  bus
    .records(topics.jobs)
    .map((record) => decodeJobRecord(record))
    .filter((record): record is JobOrdered => record.type === 'JobOrdered.v1');

describe('a request for a replay', () => {
  it('becomes an order for fanout, and a job that shows its progress', async () => {
    const backing = newBacking();
    const service = await startHere(backing);
    const body = { ...anHour, types: ['order.*'], filter: { total: { $gt: 5 } }, target: { missing: true } };
    const reply = await service.callAt(path, 'POST', { body });
    expect(reply).toMatchObject({
      status: 202,
      body: { kind: 'replay', state: 'queued', rate_per_second: 100, consumer_id: null },
    });
    expect(reply.body['request']).toEqual({ ...body, as_new: false, dry_run: false });
    await eventually(() => expect(ordersOf(backing)).toHaveLength(1));
    const [order] = ordersOf(backing);
    const jobId = String(reply.body['id']);
    expect(order).toMatchObject({
      ...{ jobId, kind: 'replay', workspaceId: 'ws_demo', ownerId: null, desired: 'running' },
      spec: {
        ...{ fromMs: Date.parse(anHour.from), toMs: Date.parse(anHour.to), target: { kind: 'missing' } },
        ...{ types: ['order.*'], filter: body.filter, asNew: false, holdLive: false, ratePerSecond: 100 },
      },
    });
    const producer = await backing.bus.producer();
    await producer.publish({
      topic: topics.jobs,
      partition: jobPartition(jobId),
      ...encodeJobRecord({
        ...{ type: 'JobProgressed.v1', jobId, kind: 'replay', state: 'done', revision: 1, startedAtMs: 1 },
        ...{ checkpoint: { 0: 40 }, counts: { scanned: 40, matched: 9, sent: 9 }, total: 40, done: 40 },
        ...{ error: null, updatedAtMs: 2 },
      }),
    });
    await eventually(async () =>
      expect((await service.callJobs('GET', `/${jobId}`)).body).toMatchObject({
        state: 'done',
        progress: { total: 40, done: 40, percent: 100, counts: { scanned: 40, matched: 9, sent: 9 } },
      }),
    );
  });

  it.each([
    [{ target: { all: true } }, '/from'],
    [{ ...anHour, target: {} }, '/target'],
    [{ ...anHour, target: { all: true, missing: true } }, '/target'],
    [{ from: anHour.to, to: from, target: { all: true } }, '/from'],
    [{ from: '2199-01-01T00:00:00Z', target: { all: true } }, '/from'],
    [{ from, offsets: { 0: [0, 1] }, target: { all: true } }, '/from'],
    [{ offsets: { 0: [5, 1] }, target: { all: true } }, '/offsets/0'],
    [{ offsets: { 99: [0, 1] }, target: { all: true } }, '/offsets/99'],
    [{ from, types: ['or der'], target: { all: true } }, '/types/0'],
    [{ from, filter: { a: { $nonsense: 1 } }, target: { all: true } }, '/filter/a'],
    [{ from, hold_live: true, target: { all: true } }, '/hold_live'],
    [{ from, rate_per_second: 0, target: { all: true } }, '/rate_per_second'],
    [{ from, target: { subscription_id: 'sub_none' } }, '/target/subscription_id'],
    [{ from, target: { subscription_id: 'sub_off' } }, '/target/subscription_id'],
    [{ from, target: { subscription_id: 'sub_foreign' } }, '/target/subscription_id'],
  ])('%j is refused at %s', async (body, pointer) => {
    const backing = newBacking();
    const service = await startHere(backing);
    await service.subscribe({ id: subscriptionId('sub_off'), state: 'disabled' });
    await service.subscribe({ id: subscriptionId('sub_foreign'), workspaceId: workspaceId('ws_other') });
    const reply = await service.callAt(path, 'POST', { body });
    expect(reply).toMatchObject({ status: 422, body: { code: 'unprocessable' } });
    const pointers = (reply.body['errors'] as { pointer: string }[]).map((error) => error.pointer);
    expect(pointers.some((one) => one.startsWith(pointer))).toBe(true);
    expect(ordersOf(backing)).toEqual([]);
  });

  it('from before the beginning of the log is refused with the oldest time that it can have', async () => {
    const backing = newBacking();
    const producer = await backing.bus.producer();
    for (const n of [1, 2, 3])
      await producer.publish({
        topic: topics.events,
        partition: 3,
        ...encodeEvent(anEvent(n), { isRepeatable: true }),
      });
    const oldestMs = backing.bus.records(topics.events)[1]?.timestampMs ?? 0;
    const oldest = new Date(oldestMs).toISOString();
    const service = await startHere(cutAt(backing, 1n));
    const before = { from: new Date(oldestMs - 1).toISOString(), target: { all: true } };
    expect(await service.callAt(path, 'POST', { body: before })).toMatchObject({
      status: 422,
      body: { code: 'unprocessable', oldest_available: oldest, errors: [{ pointer: '/from' }] },
    });
    const offsets = { offsets: { 3: [0, 2] }, target: { all: true } };
    expect(await service.callAt(path, 'POST', { body: offsets })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/offsets/3', detail: 'begins at 0: the log begins at 1' }] },
    });
    const atOnce = { offsets: { 3: [1, 2] }, target: { all: true } };
    expect((await service.callAt(path, 'POST', { body: atOnce })).status).toBe(202);
  });

  it('of a consumer names its own subscriptions, and no offsets', async () => {
    const backing = newBacking();
    const service = await startHere(backing);
    await service.subscribe({ id: subscriptionId('sub_own'), consumerId: 'acme' as never });
    await service.subscribe({ id: subscriptionId('sub_workspace') });
    const call = async (body: object) => service.callAt(path, 'POST', { body, key: acmeKey });
    expect((await call({ from, target: { subscription_id: 'sub_workspace' } })).status).toBe(422);
    expect((await call({ offsets: { 0: [0, 1] }, target: { all: true } })).status).toBe(422);
    expect(await call({ from, target: { subscription_id: 'sub_own' } })).toMatchObject({
      status: 202,
      body: { consumer_id: 'acme' },
    });
    await eventually(() => expect(ordersOf(backing)).toMatchObject([{ ownerId: 'acme' }]));
  });
});
