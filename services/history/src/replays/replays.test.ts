import {
  type AttemptRecorded,
  decodeJobRecord,
  deliveryId,
  type EventAccepted,
  encodeEvent,
  encodeJobRecord,
  eventId,
  type JobOrdered,
  jobPartition,
  replayChainOf,
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
    expect(reply.body['request']).toEqual({ ...body, as_new: false, hold_live: false, dry_run: false });
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
        progress: {
          total: 40,
          done: 40,
          percent: 100,
          counts: { scanned: 40, matched: 9, sent: 9, delivered: 0, failed: 0 },
        },
      }),
    );
  });

  it('counts what was delivered and what failed, each once, also after its end', async () => {
    const backing = newBacking();
    const service = await startHere(backing);
    const reply = await service.callAt(path, 'POST', { body: { ...anHour, target: { all: true } } });
    await eventually(() => expect(ordersOf(backing)).toHaveLength(1));
    const [order] = ordersOf(backing);
    if (order === undefined) throw new Error('no order');
    const { jobId } = order;
    expect(reply.body['progress']).toMatchObject({ counts: { delivered: 0, failed: 0 } });
    const chain = replayChainOf(order);
    const name = (n: number) => deliveryId(`dlv_${String(n).padStart(32, '0')}`);
    const attempt = async (n: number, over: Partial<AttemptRecorded> = {}) =>
      service.attempt({ deliveryId: name(n), chain, trigger: 'replay', ...over }, n);
    const failure = { kind: 'failed', reason: 'timeout', statusCode: null, responseExcerpt: null } as const;
    const deadLetter = { kind: 'dead-letter', reason: 'exhausted' } as const;
    // 1 and 2 twice, as after a crash. 3 waits for a retry. 4 fails. 5: of another replay.
    for (const n of [1, 2, 2, 1]) await attempt(n);
    await attempt(3, { outcome: failure, next: { kind: 'retry', atMs: 9 } });
    for (const _ of [1, 2]) await attempt(4, { outcome: failure, next: deadLetter });
    await attempt(5, { chain: chain - 1_000 });
    const producer = await backing.bus.producer();
    await producer.publish({
      topic: topics.jobs,
      partition: jobPartition(jobId),
      ...encodeJobRecord({
        ...{ type: 'JobProgressed.v1', jobId, kind: 'replay', state: 'done', revision: 1, startedAtMs: 1 },
        ...{ checkpoint: { 0: 4 }, counts: { scanned: 4, matched: 4, sent: 4 }, total: 4, done: 4 },
        ...{ error: null, updatedAtMs: 2 },
      }),
    });
    const counts = async () => (await service.callJobs('GET', `/${jobId}`)).body['progress'];
    const isCounted = async (delivered: number, failed: number) =>
      eventually(async () =>
        expect(await counts()).toMatchObject({ counts: { scanned: 4, sent: 4, delivered, failed } }),
      );
    await isCounted(2, 1);
    await attempt(3, { attempt: 2, trigger: 'retry' });
    await isCounted(3, 1);
    // It is stored now, and no longer depends on the deliveries, which are removed earlier than the job.
    expect((await service.callAt('/v1/webhooks/jobs?kind=replay', 'GET')).body['data']).toMatchObject([
      { progress: { counts: { delivered: 3, failed: 1 } } },
    ]);
    await eventually(() =>
      expect(backing.jobs.all()).toMatchObject([{ counts: { delivered: 3, failed: 1 } }]),
    );
    expect(await backing.deliveries.purge('ws_demo', Infinity, 1_000)).toBe(5);
    await isCounted(3, 1);
  });

  it('can hold the live events of an ordered subscription', async () => {
    const backing = newBacking();
    const service = await startHere(backing);
    await service.subscribe({ id: subscriptionId('sub_ordered'), ordering: 'key' });
    const body = { from, hold_live: true, target: { subscription_id: 'sub_ordered' } };
    await eventually(async () =>
      expect(await service.callAt(path, 'POST', { body })).toMatchObject({
        status: 202,
        body: { request: { hold_live: true } },
      }),
    );
    await eventually(() => expect(ordersOf(backing)).toMatchObject([{ spec: { holdLive: true } }]));
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
    [{ from, hold_live: true, target: { subscription_id: 'sub_plain' } }, '/hold_live'],
    [{ from, rate_per_second: 0, target: { all: true } }, '/rate_per_second'],
    [{ from, target: { subscription_id: 'sub_none' } }, '/target/subscription_id'],
    [{ from, target: { subscription_id: 'sub_off' } }, '/target/subscription_id'],
    [{ from, target: { subscription_id: 'sub_foreign' } }, '/target/subscription_id'],
  ])('%j is refused at %s', async (body, pointer) => {
    const backing = newBacking();
    const service = await startHere(backing);
    await service.subscribe({ id: subscriptionId('sub_off'), state: 'disabled' });
    await service.subscribe({ id: subscriptionId('sub_plain'), ordering: 'none' });
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
