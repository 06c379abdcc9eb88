import {
  consumerId,
  type EventAccepted,
  encodeEvent,
  newEventId,
  sourceId,
  subscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { eventually, publishTestKey } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';

afterEach(stopAll);

const path = '/v1/webhooks/events';
const acmeKey = 'a-key-of-acme-for-tests';
const nowMs = Date.now();

type Listed = { id: string; deliveries: object };
type Page = { data: Listed[]; next_cursor: string | null; scanned_to: string | null };

const anEvent = (over: Partial<EventAccepted> = {}): Omit<EventAccepted, 'type'> => ({
  id: newEventId(nowMs),
  callerId: null,
  workspaceId: workspaceId('ws_demo'),
  consumerId: null,
  eventType: 'order.paid',
  source: '/orders',
  time: '2026-11-22T10:00:00Z',
  orderingKey: null,
  traceparent: null,
  data: Buffer.from('{"order_id":"ord_7"}'),
  ...over,
});

const start = async () => {
  const service = await startHere(newBacking());
  const accept = async (...events: ReturnType<typeof anEvent>[]) => {
    for (const event of events) {
      await service.publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
    }
    await eventually(() => {
      const ids = service.events.all().map(({ id }) => id);
      for (const { id } of events) expect(ids).toContain(id);
    });
  };
  const get = async (below: string, key?: string) =>
    service.callAt(`${path}${below}`, 'GET', key === undefined ? {} : { key });
  const list = async (query: string, key?: string) => (await get(query, key)).body as unknown as Page;
  const publishKeyOf = async (workspace: string): Promise<string> => {
    const key = `a-key-of-${workspace}-for-tests`;
    const scopes = ['deliveries:read'] as const;
    await publishTestKey(await service.bus.producer(), { key, workspaceId: workspace, scopes });
    await eventually(async () => expect((await get('', key)).status).toBe(200));
    return key;
  };
  return { ...service, accept, get, list, publishKeyOf };
};

describe('an event in the history', () => {
  it('is shown with its data as received, digit for digit, and its deliveries', async () => {
    const { accept, attempt, get, deliveries } = await start();
    const data = Buffer.from('{ "total": 9007199254740993, "é": "\\u00e9", "a": 1, "a": 2 }');
    const event = anEvent({
      data,
      orderingKey: 'ord_7',
      callerId: 'mine',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    });
    await accept(event);
    await attempt({ eventId: event.id });
    await eventually(() => expect(deliveries.all()).toHaveLength(1));
    const { status, body } = await get(`/${event.id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: event.id,
      type: 'order.paid',
      source: '/orders',
      time: '2026-11-22T10:00:00Z',
      consumer_id: null,
      ordering_key: 'ord_7',
      caller_id: 'mine',
      trace_id: 'a'.repeat(32),
      size_bytes: data.length,
      deliveries: { total: 1, delivered: 1, pending: 0, retrying: 0, failed: 0 },
      data_status: 'available',
      data_encoding: 'json',
      delivery_list: [{ event_id: event.id, status: 'delivered' }],
    });
  });

  it('of an internal source is shown with its headers to the workspace, and not at all to a consumer', async () => {
    const { accept, get, list, bus } = await start();
    const scopes = ['deliveries:read'] as const;
    const ofAcme = { key: acmeKey, workspaceId: 'ws_demo', consumerId: 'acme', scopes };
    await publishTestKey(await bus.producer(), ofAcme);
    const from = { sourceId: sourceId(`src_${'1'.repeat(32)}`), headers: { 'x-github-event': 'push' } };
    const event = anEvent({ received: from, audience: 'internal', eventType: 'github.push' });
    const broadcast = anEvent({ received: from, eventType: 'github.ping' });
    await accept(event, broadcast);
    const shown = { source_id: from.sourceId, headers: from.headers };
    expect((await get(`/${event.id}`)).body).toMatchObject({ audience: 'internal', received: shown });
    expect((await get(`/${broadcast.id}`)).body).toMatchObject({ audience: 'broadcast', received: shown });
    await eventually(async () => expect((await get('', acmeKey)).status).toBe(200));
    expect((await get(`/${event.id}`, acmeKey)).status).toBe(404);
    expect((await get(`/${broadcast.id}`, acmeKey)).body).toMatchObject({ received: null });
    expect((await list('', acmeKey)).data.map(({ id }) => id)).toEqual([broadcast.id]);
  });

  it('keeps every digit of its data in the response', async () => {
    const { accept, url } = await start();
    const event = anEvent({ data: Buffer.from('{"total":9007199254740993,"a":1,"a":2}') });
    await accept(event);
    const headers = { authorization: 'Bearer an-admin-key-for-tests' };
    const text = await (await fetch(`${url}${path}/${event.id}`, { headers })).text();
    expect(text).toContain('"data":{"total":9007199254740993,"a":1,"a":2}');
  });

  it('shows data that is no text or no JSON as base64, and 256 KB of it', async () => {
    const { accept, get } = await start();
    const binary = anEvent({ data: Buffer.from([0xff, 0xfe, 0x00]) });
    const broken = anEvent({ data: Buffer.from('{"a":') });
    const large = anEvent({ data: Buffer.from(JSON.stringify('é'.repeat(128 * 1024 - 1))) });
    await accept(binary, broken, large);
    expect((await get(`/${binary.id}`)).body).toMatchObject({
      data: '//4A',
      data_encoding: 'base64',
      data_status: 'available',
    });
    expect((await get(`/${broken.id}`)).body).toMatchObject({ data_encoding: 'base64', data: 'eyJhIjo=' });
    const { body } = await get(`/${large.id}`);
    expect(body).toMatchObject({ data_encoding: 'json', size_bytes: 256 * 1024 });
    expect(body['data']).toHaveLength(128 * 1024 - 1);
  });

  it('reports data that the log does not have any more, and data of another event at its position', async () => {
    const { accept, get, bus, events } = await start();
    const event = anEvent();
    await accept(event);
    const [stored] = events.all();
    if (stored === undefined) throw new Error('it is not stored');
    const moved = { ...stored, id: newEventId(nowMs) };
    await events.insert([moved]);
    const expired = { data: null, data_encoding: null, data_status: 'expired' };
    expect((await get(`/${moved.id}`)).body).toMatchObject(expired);
    expect((await get(`/${event.id}`)).body).toMatchObject({ data_status: 'available' });
    bus.expire(topics.events, stored.position.partition, BigInt(stored.position.offset + 1));
    expect((await get(`/${event.id}`)).body).toMatchObject({ id: event.id, ...expired });
  });

  it('is listed without a subscription, and once although it was published twice', async () => {
    const { accept, list, publish } = await start();
    const event = anEvent();
    await accept(event);
    await publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
    await accept(anEvent({ eventType: 'order.sent' }));
    const none = {
      total: 0,
      pending: 0,
      retrying: 0,
      delivered: 0,
      failed: 0,
      dead_lettered: 0,
      suppressed: 0,
    };
    expect((await list('?type=order.paid')).data).toMatchObject([{ id: event.id, deliveries: none }]);
  });

  it('skips records that are no events, without dead letters of its own', async () => {
    const { accept, publish, bus } = await start();
    await publish({ topic: topics.events, key: null, headers: {}, value: Buffer.from('x') });
    await accept(anEvent());
    expect(bus.records(topics.deadLetters)).toEqual([]);
  });
});

describe('a consumer of a workspace', () => {
  it('sees broadcast events and its own, with the counts of its own deliveries', async () => {
    const { accept, attempt, list, get, deliveries } = await start();
    const broadcast = anEvent();
    const own = anEvent({ consumerId: consumerId('acme'), eventType: 'tidings.subscription.failing' });
    const others = anEvent({ consumerId: consumerId('globex') });
    const operational = anEvent({ eventType: 'tidings.subscription.failing' });
    await accept(broadcast, own, others, operational);
    await attempt({ eventId: broadcast.id, consumerId: consumerId('acme') }, 1);
    await attempt(
      { eventId: broadcast.id, consumerId: consumerId('globex'), subscriptionId: subscriptionId('sub_2') },
      2,
    );
    await eventually(() => expect(deliveries.all()).toHaveLength(2));
    const { data } = await list('', acmeKey);
    expect(data.map(({ id }) => id).sort()).toEqual([broadcast.id, own.id].sort());
    expect(data.find(({ id }) => id === broadcast.id)).toMatchObject({ deliveries: { total: 1 } });
    const one = await get(`/${broadcast.id}`, acmeKey);
    expect(one.body).toMatchObject({ deliveries: { total: 1 }, delivery_list: [{ consumer_id: 'acme' }] });
    for (const hidden of [others, operational]) {
      expect((await get(`/${hidden.id}`, acmeKey)).status).toBe(404);
    }
    expect((await list('?consumer_id=globex', acmeKey)).data).toEqual([]);
    expect((await list('')).data).toHaveLength(4);
  });

  it('finds no text in the data of others', async () => {
    const { accept, list } = await start();
    const data = Buffer.from('{"secret":"of globex"}');
    await accept(anEvent({ consumerId: consumerId('globex'), data }));
    expect((await list('?text=globex', acmeKey)).data).toEqual([]);
    expect((await list('?text=globex')).data).toHaveLength(1);
  });
});

describe('a search in the data of events', () => {
  it('finds a text byte for byte, page by page, and says how far it came', async () => {
    const { accept, list } = await start();
    const events = Array.from({ length: 9 }, (_, n) =>
      anEvent({ data: Buffer.from(JSON.stringify({ n, city: n % 2 === 0 ? 'Zürich' : 'Bern' })) }),
    );
    await accept(...events);
    const found: string[] = [];
    let cursor = '';
    do {
      const page = await list(`?text=${encodeURIComponent('Zürich')}&limit=2${cursor}`);
      expect(page.data.length).toBeLessThanOrEqual(2);
      expect(Date.parse(page.scanned_to ?? '')).toBeLessThanOrEqual(Date.now());
      found.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    const expected = events.filter((_, n) => n % 2 === 0).map(({ id }) => id);
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect((await list('?text=Bern&type=user.*')).data).toEqual([]);
    expect((await list('')).scanned_to).toBeNull();
  });

  it('is searched once at a time for each workspace, which keeps no other one from it', async () => {
    const { accept, get, list, events, publishKeyOf } = await start();
    await accept(anEvent());
    const otherKey = await publishKeyOf('ws_other');
    let read = (): void => {};
    const reading = new Promise<void>((resolve) => {
      read = resolve;
    });
    const { step } = events;
    Object.assign(events, {
      step: async (...given: Parameters<typeof step>) => {
        await reading;
        return step(...given);
      },
    });
    const first = list('?text=ord_7');
    await eventually(async () => expect((await get('?text=ord_7')).status).toBe(429));
    const other = get('?text=ord_7', otherKey);
    read();
    expect((await first).data).toHaveLength(1);
    expect((await other).status).toBe(200);
    expect((await get('?text=ord_7')).status).toBe(200);
  });

  it('refuses a text of two bytes, and a cursor of another search', async () => {
    const { accept, get, list } = await start();
    await accept(anEvent(), anEvent());
    expect((await get('?text=ab')).status).toBe(400);
    const { next_cursor: cursor } = await list('?text=ord_7&limit=1');
    expect(cursor).not.toBeNull();
    expect((await get(`?text=ord_8&limit=1&cursor=${cursor}`)).status).toBe(400);
  });
});

it('waits while MongoDB is away, shows its lag, and loses nothing', async () => {
  const { accept, events, url } = await start();
  const readiness = async () => {
    const { parts } = (await (await fetch(`${url}/ready`)).json()) as {
      parts: { name: string; state: string; detail?: { lag_seconds: number } }[];
    };
    return parts.find(({ name }) => name === 'event-projection');
  };
  await accept(anEvent());
  expect(await readiness()).toEqual({ name: 'event-projection', state: 'up', detail: { lag_seconds: 0 } });
  events.fail(new AppError({ code: 'unavailable', message: 'MongoDB is away' }), 3);
  const late = Array.from({ length: 20 }, () => anEvent());
  const arriving = accept(...late);
  await eventually(async () => expect((await readiness())?.state).toBe('down'));
  expect((await readiness())?.detail?.lag_seconds).toBeGreaterThan(0);
  await arriving;
  await eventually(async () =>
    expect(await readiness()).toEqual({ name: 'event-projection', state: 'up', detail: { lag_seconds: 0 } }),
  );
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/tidings_history_projection_lag_seconds\{[^}]*projection="events"[^}]*\} 0/);
});
