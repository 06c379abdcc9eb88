import { consumerId, encodeAttempt, encodeEvent, newEventId, topics, workspaceId } from '@tidings/contracts';
import { eventually, publishTestKey } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { afterEach, describe, expect, it } from 'vitest';
import { aFailure, outcomes } from '../../test/builders.ts';
import { newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';
import { openTestStream, type TestStream } from '../../test/stream/stream-client.ts';

afterEach(stopAll);

const adminKey = 'an-admin-key-for-tests';
const acmeKey = 'a-key-of-acme-for-tests';
const globexKey = 'a-key-of-globex-for-tests';

const start = async (backing = newBacking(), env: Record<string, string> = {}) => {
  const service = await startHere(backing, { HISTORY_REQUESTS_PER_SECOND: '0', ...env });
  const { bus, url } = service;
  const producer = await bus.producer();
  const scopes = ['deliveries:read'] as const;
  await publishTestKey(producer, { key: globexKey, workspaceId: 'ws_demo', consumerId: 'globex', scopes });
  const publish = async (over: Partial<Parameters<typeof encodeEvent>[0]> = {}) => {
    const id = over.id ?? newEventId(Date.now());
    const event = {
      ...{ id, callerId: null, workspaceId: workspaceId('ws_demo'), consumerId: null },
      ...{ eventType: 'order.paid', source: 'shop', time: '2026-11-22T10:00:00Z', orderingKey: null },
      ...{ traceparent: null, data: Buffer.from('{"secret":"of the data"}'), ...over },
    };
    await producer.publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
    return id;
  };
  const attempt = async (n: number, over: Parameters<typeof anAttemptRecord>[1] = {}) => {
    const record = anAttemptRecord(n, over);
    await producer.publish({ topic: topics.attempts, ...encodeAttempt(record, null) });
    return record;
  };
  const record = async (one: ReturnType<typeof anAttemptRecord>) =>
    producer.publish({ topic: topics.attempts, ...encodeAttempt(one, null) });
  const open = async (query = '', key: string | undefined = adminKey, lastEventId?: string) => {
    const stream = await openTestStream(url, {
      query,
      ...(key === undefined ? {} : { key }),
      ...(lastEventId === undefined ? {} : { lastEventId }),
    });
    if (stream.response.status === 200) await eventually(() => expect(stream.frames[0]?.event).toBe('ready'));
    return stream;
  };
  return { ...service, producer, publish, attempt, record, open };
};

const eventIds = (stream: TestStream) => stream.messages().map(({ data }) => data['event_id']);
const count = async (stream: TestStream, n: number) =>
  eventually(() => expect(stream.messages()).toHaveLength(n));

const exchange = JSON.stringify({
  phases: { dnsMs: 1.5, totalMs: 12 },
  request: { headers: {} },
  response: { headers: {}, body: 'of the data' },
});

describe('a live stream', () => {
  it('begins with `ready` and shows events, attempts and states as they happen, without the data', async () => {
    const { publish, attempt, open } = await start();
    const before = await publish();
    const stream = await open();
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('cache-control')).toBe('no-store, no-transform');
    const id = await publish({ consumerId: consumerId('acme') });
    const record = await attempt(7, { outcome: outcomes.delivered, exchange });
    await count(stream, 3);
    const [event, request, state] = ['event', 'attempt', 'state'].map((kind) =>
      stream.messages().find((frame) => frame.event === kind),
    );
    expect(event?.data).toMatchObject({ kind: 'event', event_id: id, consumer_id: 'acme', size_bytes: 24 });
    expect(request?.data).toMatchObject({
      ...{ kind: 'attempt', event_id: record.eventId, delivery_id: record.deliveryId },
      ...{ outcome: 'delivered', status_code: 200, status: 'delivered' },
      ...{ details: 'recorded', phases: { dns_ms: 1.5, connect_ms: null, total_ms: 12 } },
    });
    expect(state?.data).toMatchObject({ kind: 'state', event_id: record.eventId, status: 'delivered' });
    expect(JSON.stringify(stream.frames)).not.toContain('of the data');
    expect(eventIds(stream)).not.toContain(before);
    expect(stream.frames.every(({ id: one }) => one !== null)).toBe(true);
  });

  it('shows a change of state once: not each failure of a delivery that is being retried', async () => {
    const { record, open } = await start();
    const stream = await open('?kinds=state');
    for (const attempt of [1, 2, 3]) await record(aFailure(1, attempt));
    await record(aFailure(1, 4, { outcome: outcomes.setAside, next: { kind: 'none' } }));
    await count(stream, 2);
    expect(stream.messages().map(({ data }) => data['status'])).toEqual(['retrying', 'dead_lettered']);
  });

  it('suppresses repeated records, and shows a success that follows a failure of the same attempt', async () => {
    const { publish, record, open } = await start();
    const stream = await open();
    const id = await publish();
    await publish({ id });
    const failure = aFailure(1, 1);
    await record(failure);
    await record(failure);
    await record({ ...failure, outcome: outcomes.delivered, next: { kind: 'none' } });
    await record(failure);
    // A fork of the command that fails after the delivery has succeeded changes nothing.
    await record(aFailure(1, 2, { outcome: outcomes.setAside, next: { kind: 'none' } }));
    const last = await publish();
    await eventually(() => expect(eventIds(stream)).toContain(last));
    expect(eventIds(stream).filter((one) => one === id)).toHaveLength(1);
    const shown = stream.messages().filter(({ event }) => event !== 'event');
    expect(shown.map(({ event, data }) => `${event} ${String(data['status'])}`)).toEqual([
      ...['attempt retrying', 'state retrying', 'attempt delivered', 'state delivered'],
    ]);
  });

  it('applies its filters', async () => {
    const { publish, attempt, open } = await start();
    const queries = {
      '?types=order.*': ['order.paid', 'order.sent'],
      '?types=order.paid,invoice.made': ['order.paid', 'invoice.made'],
      '?types=*&consumer_id=acme': ['invoice.made'],
      '?kinds=attempt&subscription_id=sub_2': ['order.paid'],
      '?status=delivered&kinds=state': ['order.paid'],
      '?kinds=event': ['order.paid', 'order.sent', 'orders.paid', 'invoice.made'],
    };
    const streams = await Promise.all(Object.keys(queries).map(async (query) => open(query)));
    await publish();
    await publish({ eventType: 'order.sent' });
    await publish({ eventType: 'orders.paid' });
    await publish({ eventType: 'invoice.made', consumerId: consumerId('acme') });
    await attempt(1, { subscriptionId: 'sub_2' as never, eventType: 'order.paid' });
    for (const [index, [query, types]] of Object.entries(queries).entries()) {
      const stream = streams[index] as TestStream;
      await eventually(() => {
        const shown = new Set(stream.messages().map(({ data }) => data['event_type']));
        expect([query, [...shown].sort()]).toEqual([query, types.toSorted()]);
      });
    }
  });

  it.each([
    'kinds=events',
    'kinds=',
    'types=order..paid',
    'types=a*',
    `types=${Array.from({ length: 21 }, () => 'a').join(',')}`,
    `types=${'a,'.repeat(1_000)}a`,
    'status=sent',
    'subscription_id=sub_%27',
    'consumer_id=',
    'filter=x',
    'kinds=event&kinds=state',
    'last_event_id=nothing',
    `last_event_id=${'A'.repeat(8_192)}`,
    'last_event_id=%00',
    'last_event_id=Af____________________________',
  ])('refuses a query that is none, with a pointer: %s', async (query) => {
    const { callAt } = await start();
    const { status, body } = await callAt(`/v1/webhooks/stream?${query}`, 'GET');
    expect(status).toBe(400);
    expect(body['errors']).toMatchObject([{ pointer: `/${query.split('=', 1)[0]}` }]);
  });

  it('refuses a caller without a key, and one whose key may not read deliveries', async () => {
    const { producer, open } = await start();
    await publishTestKey(producer, {
      key: 'a-publishing-key',
      workspaceId: 'ws_demo',
      scopes: ['events:write'],
    });
    await eventually(async () => {
      expect((await open('', 'a-publishing-key')).response.status).toBe(403);
    });
    expect((await open('', 'nobody')).response.status).toBe(401);
  });
});

describe('tenant isolation of the stream', () => {
  it('shows a consumer its own and broadcast events alone, and another workspace nothing', async () => {
    const { producer, publish, record, open } = await start();
    await publishTestKey(producer, { key: 'a-stranger-key-for-tests', workspaceId: 'ws_other' });
    const ofAcme = aFailure(1, 1, { consumerId: consumerId('acme') });
    const ofGlobex = aFailure(2, 1, { consumerId: consumerId('globex') });
    const ofNobody = aFailure(3, 1);
    const [acme, globex, admin] = [await open('', acmeKey), await open('', globexKey), await open()];
    let stranger = await open('', 'a-stranger-key-for-tests');
    await eventually(async () => {
      stranger = await open('', 'a-stranger-key-for-tests');
      expect(stranger.response.status).toBe(200);
    });
    const broadcast = await publish();
    const toAcme = await publish({ consumerId: consumerId('acme') });
    const toGlobex = await publish({ consumerId: consumerId('globex') });
    const operational = await publish({ eventType: 'tidings.subscription.disabled' });
    const aboutAcme = await publish({
      eventType: 'tidings.subscription.disabled',
      consumerId: consumerId('acme'),
    });
    const elsewhere = await publish({ workspaceId: workspaceId('ws_other') });
    for (const one of [ofAcme, ofGlobex, ofNobody]) await record(one);
    await count(admin, 5 + 3 * 2);
    await eventually(() => {
      expect(new Set(eventIds(acme))).toEqual(new Set([broadcast, toAcme, aboutAcme, ofAcme.eventId]));
      expect(new Set(eventIds(globex))).toEqual(new Set([broadcast, toGlobex, ofGlobex.eventId]));
      expect(eventIds(stranger)).toEqual([elsewhere]);
    });
    expect(eventIds(admin)).toContain(operational);
    // Filters do not widen what a key may see.
    const curious = await open('?consumer_id=globex', acmeKey);
    await publish({ consumerId: consumerId('globex') });
    const last = await publish({ consumerId: consumerId('acme') });
    await eventually(() => expect(eventIds(acme)).toContain(last));
    expect(curious.messages()).toEqual([]);
  });
});
