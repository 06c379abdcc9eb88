import {
  type EventAccepted,
  encodeAccess,
  encodeEvent,
  newEventId,
  topics,
  type WorkspaceRecord,
  workspaceId,
} from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { systemClock } from '@tidings/runtime';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { newBacking, startHere, stopAll } from '../test/in-memory-history.ts';

afterEach(stopAll);

const dayMs = 86_400_000;
const ws = workspaceId('ws_demo');

const workspaceWith = (version: number, retention: Pick<WorkspaceRecord, 'retentionDays'>) =>
  encodeAccess({
    ...{
      type: 'WorkspaceChanged.v1',
      id: ws,
      version,
      state: 'active',
      name: 'Demo',
      eventTypePolicy: 'open',
    },
    ...{ allowHttp: true, maxSubscriptions: 1_000, disableAfterFailures: 100, notice: null },
    ...retention,
  });

/** Starts the service with an event and a failed delivery of it that were recorded three days ago. */
const start = async (retention: Pick<WorkspaceRecord, 'retentionDays'>) => {
  const acceptedAtMs = Date.now() - 3 * dayMs;
  const clock = { ...systemClock, nowMs: () => acceptedAtMs };
  const backing = { ...newBacking(), bus: createMemoryBus({ clock }) };
  const service = await startHere(backing);
  const { publish, attempt, deliveries, events } = service;
  await publish({ topic: topics.access, ...workspaceWith(2, retention) });
  const event: Omit<EventAccepted, 'type'> = {
    ...{ id: newEventId(acceptedAtMs), workspaceId: ws, consumerId: null, callerId: null },
    ...{ eventType: 'order.paid', source: '/orders', time: '2026-11-22T10:00:00Z', orderingKey: null },
    ...{ traceparent: null, data: Buffer.from('{"order_id":"ord_7"}') },
  };
  await service.subscribe();
  await publish({ topic: topics.events, partition: 3, ...encodeEvent(event, { isRepeatable: true }) });
  await attempt({ eventId: event.id, acceptedAtMs });
  await eventually(() => {
    expect(events.all()).toHaveLength(1);
    expect(deliveries.all()).toHaveLength(1);
  });
  const get = async (below: string) => (await service.callAt(`/v1/webhooks${below}`, 'GET')).body;
  const post = async (below: string, body: object = {}) =>
    service.callAt(`/v1/webhooks${below}`, 'POST', { body });
  return { ...service, acceptedAtMs, event, get, post, deliveryId: deliveries.all()[0]?.id };
};

// One request searches the data of 24 hours.
const justAfter = (ms: number): string => new Date(ms + 1).toISOString();
const replay = { from: new Date(Date.now() - 4 * dayMs).toISOString(), target: { all: true } };

describe('an event that the log still has', () => {
  it('is read, retried and replayed within the retention of its workspace', async () => {
    const { event, get, post, deliveryId, acceptedAtMs } = await start({ retentionDays: 4 });
    expect(await get(`/events/${event.id}`)).toMatchObject({ data_status: 'available' });
    expect(await get(`/events?text=ord_7&accepted_before=${justAfter(acceptedAtMs)}`)).toMatchObject({
      data: [{ id: event.id }],
    });
    expect((await post(`/deliveries/${deliveryId}/retry`)).status).toBe(202);
    expect((await post('/replays', replay)).status).toBe(202);
    expect((await post('/replays', { offsets: { 3: [0, 1] }, target: { all: true } })).status).toBe(202);
  });

  it('has expired beyond the retention of its workspace, before anything is removed', async () => {
    const { event, get, post, deliveryId, acceptedAtMs, sent } = await start({ retentionDays: 2 });
    expect(await get(`/events/${event.id}`)).toMatchObject({ data_status: 'expired', data: null });
    expect(await get(`/events?text=ord_7&accepted_before=${justAfter(acceptedAtMs)}`)).toMatchObject({
      data: [],
    });
    expect(await post(`/deliveries/${deliveryId}/retry`)).toMatchObject({
      status: 422,
      body: { code: 'unprocessable' },
    });
    const { status, body } = await post('/replays', replay);
    expect(status).toBe(422);
    const oldestMs = Date.parse(String(body['oldest_available']));
    expect(Math.abs(oldestMs - (Date.now() - 2 * dayMs))).toBeLessThan(60_000);
    expect(await post('/replays', { offsets: { 3: [0, 1] }, target: { all: true } })).toMatchObject({
      status: 422,
      body: {
        errors: [
          {
            pointer: '/offsets/3',
            detail: expect.stringContaining(new Date(acceptedAtMs).toISOString()) as string,
          },
        ],
      },
    });
    expect((await post('/replays', { offsets: { 3: [1, 1] }, target: { all: true } })).status).toBe(202);
    expect(sent()).toEqual([]);
  });

  it('is there again once the retention is longer', async () => {
    const { event, get, publish } = await start({ retentionDays: 2 });
    await publish({ topic: topics.access, ...workspaceWith(3, {}) });
    expect(await get(`/events/${event.id}`)).toMatchObject({ data_status: 'available' });
  });
});
