import {
  consumerId,
  decodeErasure,
  type EventAccepted,
  encodeErasure,
  encodeEvent,
  newEventId,
  subscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import {
  acmeKey,
  type Backing,
  isDone,
  newBacking,
  startHere,
  stopAll,
} from '../../test/in-memory-history.ts';

afterEach(stopAll);

const nowMs = Date.now();
const acme = consumerId('acme');
const demo = workspaceId('ws_demo');
const exchange = JSON.stringify({
  phases: { totalMs: 5 },
  request: { headers: { 'x-person': 'alice' } },
  response: { headers: { 'x-person': 'alice' }, body: 'hello alice' },
});

const anEvent = (over: Partial<EventAccepted> = {}): Omit<EventAccepted, 'type'> => ({
  ...{ id: newEventId(nowMs), callerId: 'alice-1', workspaceId: demo, consumerId: null },
  ...{ eventType: 'order.paid', source: '/orders', time: '2026-11-22T10:00:00Z', orderingKey: 'alice' },
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  data: Buffer.from('{"name":"alice"}'),
  ...over,
});

const start = async (backing: Backing = newBacking()) => {
  const service = await startHere(backing);
  const get = async (path: string, key?: string) =>
    service.callAt(`/v1/webhooks${path}`, 'GET', key === undefined ? {} : { key });
  const post = async (path: string, body?: object, key?: string) =>
    service.callAt(`/v1/webhooks${path}`, 'POST', { body, ...(key !== undefined && { key }) });
  const accept = async (...events: readonly Omit<EventAccepted, 'type'>[]) => {
    for (const event of events)
      await service.publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
    await eventually(() => {
      const ids = service.events.all().map(({ id }) => id);
      for (const { id } of events) expect(ids).toContain(id);
    });
  };
  /** Records a failed attempt of the event, with the exchange of its request. */
  const deliver = async (
    event: Pick<EventAccepted, 'id'>,
    over: Parameters<typeof service.attempt>[0] = {},
  ) => {
    const before = service.deliveries.all().length;
    await service.attempt({
      ...{ eventId: event.id, acceptedAtMs: nowMs, orderingKey: 'alice', exchange },
      outcome: { kind: 'failed', reason: 'http-status', statusCode: 500, responseExcerpt: 'hello alice' },
      ...over,
    });
    await eventually(() => expect(service.deliveries.all()).toHaveLength(before + 1));
  };
  const erase = async (body: object) => {
    const started = await post('/erasures', body);
    expect(started).toMatchObject({ status: 202, body: { kind: 'erasure' } });
    return isDone(service, started.body['id']);
  };
  return { ...service, get, post, accept, deliver, erase };
};

type Started = Awaited<ReturnType<typeof start>>;

/** Everything that the stores hold, as text. */
const storedText = async ({ events, deliveries, deadLetters }: Started): Promise<string> => {
  const contents = await deadLetters.readContents(deadLetters.all().map(({ ref }) => ref));
  const bodies = [...contents.values()].map((content) =>
    content.kind === 'delivery' ? [content.command.body.toString(), content.command.state] : content.kind,
  );
  return JSON.stringify([events.all(), deliveries.all(), deadLetters.all(), bodies]);
};

const exported = async (service: Started, of: string) => {
  const { body } = await service.post('/exports', { of, format: 'ndjson' });
  const id = String(body['export_id']);
  await isDone(service, id);
  return id;
};

const fileOf = async (service: Started, id: string): Promise<string> => {
  const { body } = await service.get(`/exports/${id}`);
  return (await fetch(`${service.url}${String(body['download_url'])}`)).text();
};

describe('the erasure of an event', () => {
  it('leaves ids, times and outcomes, and nothing of what was sent, answered or named', async () => {
    const service = await start();
    await service.subscribe();
    const event = anEvent();
    const other = anEvent({ callerId: 'bob-1', orderingKey: 'bob', data: Buffer.from('{"name":"bob"}') });
    await service.accept(event, other);
    await service.deliver(event);
    await service.deadLetter(1, { eventId: event.id, acceptedAtMs: nowMs, orderingKey: 'alice' });
    await service.stored(1);
    const { progress } = await service.erase({ event_id: event.id, reason: 'request 4711' });
    expect(progress).toMatchObject({ counts: { events: 1, deliveries: 1, dead_letters: 1, exports: 0 } });

    const { body } = await service.get(`/events/${event.id}`);
    expect(body).toMatchObject({
      ...{ id: event.id, type: 'order.paid', source: '/orders', size_bytes: 16, erased: true },
      ...{ data: null, data_status: 'erased', data_encoding: null },
      ...{ ordering_key: null, caller_id: null, trace_id: null },
      deliveries: { total: 1, failed: 1 },
      delivery_list: [{ erased: true, ordering_key: null, last_status_code: 500 }],
    });
    const [summary] = body['delivery_list'] as [{ id: string }];
    expect((await service.get(`/deliveries/${summary.id}`)).body).toMatchObject({
      ...{ erased: true, ordering_key: null, status: 'failed', attempt_count: 1 },
      attempts: [
        {
          ...{ details: 'erased', status_code: 500, reason: 'http-status', response_excerpt: null },
          ...{ request_headers: null, response_headers: null, response_body: null },
          phases: { total_ms: 5 },
        },
      ],
    });
    expect((await service.get('/events?text=alice')).body).toMatchObject({ data: [] });
    expect((await service.get('/events?ordering_key=alice')).body).toMatchObject({ data: [] });
    expect((await service.get('/events?text=name')).body).toMatchObject({ data: [{ id: other.id }] });
    expect(await storedText(service)).not.toContain('alice');
    expect(await storedText(service)).toContain('bob');
    expect(service.bus.records(topics.erasures).map(decodeErasure)).toMatchObject([
      { workspaceId: 'ws_demo', scope: { kind: 'event', eventId: event.id }, reason: 'request 4711' },
    ]);
  });

  it('refuses retries, and skips them in jobs and redrives', async () => {
    const service = await start();
    await service.subscribe();
    const event = anEvent();
    await service.accept(event);
    await service.deliver(event, { next: { kind: 'dead-letter', reason: 'exhausted' } });
    await service.deadLetter(1, { eventId: event.id, acceptedAtMs: nowMs });
    await service.stored(1);
    await service.erase({ event_id: event.id });
    const [delivery] = service.deliveries.all();
    const [deadLetter] = service.deadLetters.all();
    expect(await service.post(`/deliveries/${delivery?.id}/retry`)).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('is erased') as string },
    });
    expect(await service.post(`/events/${event.id}/retry`)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('is erased') as string },
    });
    const bulk = await service.post('/deliveries/retry', { filter: { event_id: event.id } });
    expect(await isDone(service, bulk.body['id'])).toMatchObject({ progress: { counts: { erased: 1 } } });
    const redrive = await service.post('/dead-letters/redrive', { filter: { event_id: event.id } });
    expect(await isDone(service, redrive.body['id'])).toMatchObject({
      progress: { counts: { erased: 1, redriven: 0 } },
    });
    const letter = `/dead-letters/${deadLetter?.id}`;
    expect(await service.post(`${letter}/redrive`)).toMatchObject({ status: 409 });
    expect((await service.get(letter)).body).toMatchObject({ erased: true, body: null, command: null });
    expect(await service.post(`${letter}/discard`, { reason: 'erased' })).toMatchObject({ status: 200 });
    expect(service.sent()).toEqual([]);
  });

  it('deletes finished exports that may contain it, and shows it as erased in later ones', async () => {
    const service = await start();
    const event = anEvent();
    await service.accept(event);
    await service.deliver(event);
    const before = await exported(service, 'events');
    const audit = await exported(service, 'audit');
    expect(await fileOf(service, before)).toContain('alice');
    const { body } = await service.get(`/exports/${before}`);
    const { progress } = await service.erase({ event_id: event.id });
    expect(progress).toMatchObject({ counts: { exports: 1 } });
    expect((await service.get(`/exports/${before}`)).body).toMatchObject({
      ...{ status: 'deleted', error: 'erased', download_url: null, bytes: null },
    });
    expect((await fetch(`${service.url}${String(body['download_url'])}`)).status).toBe(404);
    expect((await service.get(`/exports/${audit}`)).body).toMatchObject({ status: 'ready' });
    for (const of of ['events', 'deliveries', 'attempts'])
      expect(await fileOf(service, await exported(service, of))).not.toContain('alice');
    expect(await fileOf(service, await exported(service, 'events'))).toContain('"data_status":"erased"');
  });
});

describe('the erasure of a consumer', () => {
  it('covers what is addressed to it and what its subscriptions got, until the request', async () => {
    const service = await start();
    const own = anEvent({ consumerId: acme });
    const broadcast = anEvent({ data: Buffer.from('{"name":"all"}'), callerId: null, orderingKey: null });
    const others = anEvent({ consumerId: consumerId('globex') });
    await service.accept(own, broadcast, others);
    const ofAcme = { consumerId: acme, subscriptionId: subscriptionId('sub_acme') };
    await service.deliver(own, { addressedTo: acme });
    await service.deliver(broadcast, ofAcme);
    await service.deliver(others, { subscriptionId: subscriptionId('sub_2') });
    await service.erase({ consumer_id: 'acme' });
    const later = anEvent({ consumerId: acme, data: Buffer.from('{"name":"alice again"}') });
    await service.accept(later);
    await service.deliver(later, { ...ofAcme, acceptedAtMs: Date.now() });
    const { body } = await service.get('/events');
    const erased = new Map((body['data'] as { id: string; erased: boolean }[]).map((e) => [e.id, e.erased]));
    expect([own, broadcast, others, later].map(({ id }) => erased.get(id))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const byEvent = new Map(
      service.deliveries.all().map((delivery) => [delivery.eventId, delivery.isErased]),
    );
    expect([own, broadcast, others, later].map(({ id }) => byEvent.get(id) === true)).toEqual([
      ...[true, true, false, false],
    ]);
    expect((await service.get(`/events/${broadcast.id}`)).body).toMatchObject({ data_status: 'available' });
    expect((await service.get(`/events/${own.id}`, acmeKey)).body).toMatchObject({ data_status: 'erased' });
  });

  it('applies to records that arrive later, twice, in another order, and after a restart', async () => {
    const backing = newBacking();
    const first = await start(backing);
    const event = anEvent({ consumerId: acme });
    await first.accept(event);
    await first.erase({ consumer_id: 'acme' });
    await first.stop();
    const second = await start(backing);
    const ofAcme = { consumerId: acme, subscriptionId: subscriptionId('sub_acme') };
    const failure = { kind: 'failed', reason: 'http-status', statusCode: 500 } as const;
    const record = {
      ...{ ...ofAcme, eventId: event.id, acceptedAtMs: nowMs, orderingKey: 'alice', exchange },
      outcome: { ...failure, responseExcerpt: 'hello alice' },
    };
    const retried = { ...record, attempt: 2, atMs: nowMs + 10 };
    for (const one of [retried, record, record, retried]) await second.attempt(one);
    await second.deadLetter(1, { ...ofAcme, eventId: event.id, acceptedAtMs: nowMs, orderingKey: 'alice' });
    await second.stored(1);
    await eventually(() => expect(second.deliveries.all()[0]?.attemptEvents).toHaveLength(2));
    await second.publish({
      topic: topics.events,
      ...encodeEvent(anEvent({ ...event }), { isRepeatable: true }),
    });
    expect(await storedText(second)).not.toContain('alice');
    expect(second.deadLetters.all()).toMatchObject([{ isErased: true, detail: null }]);
  });

  it('stays erased in a history that is built again from the log', async () => {
    const service = await start();
    await service.accept(anEvent({ consumerId: acme }));
    await service.attempt({
      ...{ consumerId: acme, acceptedAtMs: nowMs, orderingKey: 'alice', exchange },
    });
    await eventually(() => expect(service.deliveries.all()).toHaveLength(1));
    await service.erase({ consumer_id: 'acme' });
    const { bus, deliveries, events } = service;
    await service.stop();
    const again = newBacking();
    const rebuilt = await startHere({ ...again, bus }, { HISTORY_GROUP: 'tidings-history-again' });
    await eventually(() => {
      expect(again.deliveries.all()).toEqual(deliveries.all());
      expect(again.events.all()).toEqual(events.all());
    });
    await rebuilt.stop();
  });
});

describe('a request for erasure', () => {
  it('needs the scope admin, and an event or a consumer of the workspace', async () => {
    const service = await start();
    const foreign = anEvent({ workspaceId: workspaceId('ws_other') });
    const event = anEvent();
    await service.accept(foreign, event);
    for (const body of [{ event_id: foreign.id }, { event_id: newEventId(nowMs) }, { consumer_id: 'nobody' }])
      expect(await service.post('/erasures', body)).toMatchObject({ status: 404 });
    expect(await service.post('/erasures', { event_id: event.id }, acmeKey)).toMatchObject({ status: 403 });
    for (const body of [{}, { event_id: event.id, consumer_id: 'acme' }, { event_id: event.id, until: 1 }])
      expect(await service.post('/erasures', body)).toMatchObject({ status: 422 });
    expect(service.bus.records(topics.erasures)).toEqual([]);
    expect((await service.get(`/events/${event.id}`)).body).toMatchObject({ data_status: 'available' });
  });

  it('takes effect once for an Idempotency-Key, and cannot be stopped once it has begun', async () => {
    const service = await start();
    const event = anEvent();
    await service.accept(event);
    const request = { body: { event_id: event.id }, headers: { 'idempotency-key': 'once' } };
    const first = await service.callAt('/v1/webhooks/erasures', 'POST', request);
    const second = await service.callAt('/v1/webhooks/erasures', 'POST', request);
    expect(second).toMatchObject({ status: 202, body: { id: first.body['id'] } });
    await eventually(() => expect(service.bus.records(topics.erasures)).toHaveLength(1));
    for (const action of ['pause', 'cancel']) {
      expect(await service.callJobs('POST', `/${String(first.body['id'])}/${action}`)).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('cannot be restored') as string },
      });
    }
    expect(await isDone(service, first.body['id'])).toMatchObject({
      request: { event_id: event.id, reason: null },
    });
    expect(service.bus.records(topics.erasures)).toHaveLength(1);
  });

  it('hides the data as soon as the log has the record, before the job has touched the stores', async () => {
    const service = await start();
    const event = anEvent();
    await service.accept(event);
    await service.deliver(event);
    await service.publish({
      topic: topics.erasures,
      ...encodeErasure({
        ...{ type: 'DataErased.v1', erasureId: `job_${'7'.repeat(32)}`, workspaceId: demo },
        ...{ scope: { kind: 'event', eventId: event.id }, beforeMs: nowMs + 60_000 },
        ...{ requestedBy: 'key_admin', requestedAtMs: nowMs, reason: null },
      }),
    });
    expect((await service.get(`/events/${event.id}`)).body).toMatchObject({ data_status: 'erased' });
    const lists = await Promise.all(['/events', '/deliveries'].map(async (path) => service.get(path)));
    expect(JSON.stringify(lists)).not.toContain('alice');
    expect(await storedText(service)).toContain('alice');
  });
});
