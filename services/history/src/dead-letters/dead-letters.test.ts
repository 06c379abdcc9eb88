import { consumerId, deriveEventId, encodePoison, subscriptionId, topics } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { aCommandState, aPoison } from '../../test/dead-letters/dead-letter-builders.ts';
import { bodyOf, isDone, startHere, stopAll } from '../../test/in-memory-history.ts';

afterEach(stopAll);

describe('dead letters of deliveries', () => {
  it('can be listed, counted, and read with command, attempts and body', async () => {
    const service = await startHere();
    await service.deadLetter(1);
    await service.deadLetter(2, { attempts: [] }, 'disabled');
    await service.stored(2);
    const { body: list } = await service.call('GET', '?reason=exhausted');
    expect(list).toMatchObject({ data: [{ kind: 'delivery', state: 'waiting', attempt_count: 2 }] });
    const [deadLetter] = list['data'] as unknown as { id: string }[];
    expect((await service.call('GET', `/${deadLetter?.id}`)).body).toMatchObject({
      id: deadLetter?.id,
      reason: 'exhausted',
      last_error: 'http-status',
      last_status_code: 500,
      first_error_at: '2026-09-21T14:13:21.000Z',
      last_error_at: '2026-09-21T14:13:22.000Z',
      command: { trigger: 'retry', attempt: 2, format: 'standard' },
      attempts: [{ status_code: 500, duration_ms: 7 }, { reason: 'http-status' }],
      body: { encoding: 'utf-8', content: '{"n":1}', bytes: 7, is_truncated: false },
    });
    expect((await service.call('GET', '/counts?state=waiting')).body).toMatchObject({
      total: 2,
      data: [{ reason: 'disabled', count: 1 }, { reason: 'exhausted' }],
    });
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain('tidings_history_dead_letters_total{');
  });

  it('are stored once, even if written several times', async () => {
    const service = await startHere();
    await service.deadLetter(1);
    await service.deadLetter(1, {}, 'disabled');
    await service.deadLetter(2);
    await service.stored(2);
    expect(service.deadLetters.all().map(({ reason }) => reason)).toEqual(['exhausted', 'exhausted']);
  });

  it('are redriven as a new chain, with the same bytes, in order, and recorded in the topic', async () => {
    const service = await startHere();
    await service.subscribe({ version: 7 });
    for (let n = 1; n <= 12; n += 1) await service.deadLetter(n);
    await service.stored(12);
    const dry = await service.call('POST', '/redrive', { all: true, dry_run: true });
    expect(dry).toMatchObject({ status: 200, body: { dry_run: true, count: 12 } });
    const { status, body } = await service.call('POST', '/redrive', { all: true, rate_per_second: 1_000 });
    expect(status).toBe(202);
    expect(await isDone(service, body['id'])).toMatchObject({
      progress: { total: 12, done: 12, percent: 100, counts: { redriven: 12, skipped: 0 } },
    });
    expect(service.sent().map((command) => command.body.toString())).toEqual(
      Array.from({ length: 12 }, (_, n) => bodyOf(n + 1).toString()),
    );
    expect(service.sent()[0]?.state).toEqual({
      ...aCommandState(1),
      subscriptionVersion: 7,
      chain: 1,
      attempt: 1,
      position: 0,
      trigger: 'redrive',
    });
    expect(service.settled()).toHaveLength(12);
    expect(service.settled()[0]).toMatchObject({ how: 'redriven', chain: 1, by: 'key_admin' });
    expect((await service.call('GET', '?state=redriven')).body['data']).toHaveLength(12);
  });

  it('are redriven once: a second redrive of the same ones does nothing', async () => {
    const service = await startHere();
    await service.subscribe();
    await service.deadLetter(1);
    await service.stored(1);
    const id = service.deadLetters.all()[0]?.id;
    const first = await service.call('POST', `/${id}/redrive`);
    expect(first.status).toBe(202);
    await isDone(service, first.body['id']);
    const second = await service.call('POST', `/${id}/redrive`);
    expect(second).toMatchObject({ status: 202, body: { id: first.body['id'], state: 'done' } });
    const all = await service.call('POST', '/redrive', { all: true });
    await isDone(service, all.body['id']);
    expect(service.sent()).toHaveLength(1);
  });

  it('redriven by the workspace do not show its job to their consumer', async () => {
    const service = await startHere();
    await service.subscribe();
    await service.deadLetter(1, { consumerId: consumerId('acme') });
    await service.deadLetter(2, { consumerId: consumerId('globex') });
    await service.stored(2);
    const { body } = await service.call('POST', '/redrive', { all: true });
    await isDone(service, body['id']);
    const own = service.deadLetters.all().find((deadLetter) => deadLetter.consumerId === 'acme');
    const answer = await service.callAsAcme('POST', `/${own?.id}/redrive`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(JSON.stringify(answer.body)).not.toContain(body['id']);
    expect(await service.call('POST', `/${own?.id}/redrive`)).toMatchObject({
      status: 202,
      body: { id: body['id'] },
    });
  });

  it('become delivered when an attempt of any chain succeeds, in any order of reading, and are not redriven again', async () => {
    const service = await startHere();
    await service.subscribe();
    const { state } = await service.deadLetter(1);
    await service.stored(1);
    await service.attempt({ eventId: state.eventId, subscriptionId: state.subscriptionId, chain: 1 });
    await eventually(() => expect(service.deadLetters.all()).toMatchObject([{ state: 'delivered' }]));
    const other = aCommandState(2);
    await service.attempt({ eventId: other.eventId, chain: 2 }, 2);
    await eventually(() => expect(service.deliveries.all()).toHaveLength(2));
    await service.deadLetter(2);
    await eventually(() => {
      expect(service.deadLetters.all().map((deadLetter) => deadLetter.state)).toEqual([
        'delivered',
        'delivered',
      ]);
    });
    const dry = await service.call('POST', '/redrive', { all: true, dry_run: true });
    expect(dry.body).toMatchObject({ count: 0 });
    const one = await service.call('POST', `/${service.deadLetters.all()[0]?.id}/redrive`);
    expect(one.status).toBe(409);
    expect(service.sent()).toEqual([]);
  });

  it('stay waiting while their subscription is disabled, which a dry run reports', async () => {
    const service = await startHere();
    await service.subscribe({ id: subscriptionId('sub_1'), state: 'disabled', disabledReason: 'r' });
    await service.subscribe({ id: subscriptionId('sub_2') });
    await service.deadLetter(1);
    await service.deadLetter(2, { subscriptionId: subscriptionId('sub_2') });
    await service.deadLetter(3, { subscriptionId: subscriptionId('sub_3') });
    await service.stored(3);
    const dry = await service.call('POST', '/redrive', { all: true, dry_run: true });
    expect(dry.body).toMatchObject({ count: 1 });
    const { body } = await service.call('POST', '/redrive', { all: true });
    expect(await isDone(service, body['id'])).toMatchObject({
      progress: { done: 3, counts: { redriven: 1, skipped: 2 } },
    });
    expect(service.sent().map(({ state }) => state.subscriptionId)).toEqual(['sub_2']);
    const disabled = service.deadLetters.all().find((deadLetter) => deadLetter.subscriptionId === 'sub_1');
    expect((await service.call('POST', `/${disabled?.id}/redrive`)).status).toBe(409);
  });

  it('can be discarded one by one and by filter, with a reason, and are then never redriven', async () => {
    const service = await startHere();
    await service.subscribe();
    for (let n = 1; n <= 4; n += 1)
      await service.deadLetter(n, { eventType: n > 1 ? 'user.left' : 'order.paid' });
    await service.stored(4);
    const [deadLetter] = service.deadLetters.all();
    expect((await service.call('POST', `/${deadLetter?.id}/discard`, {})).status).toBe(422);
    const one = await service.call('POST', `/${deadLetter?.id}/discard`, { reason: 'spam' });
    expect(one).toMatchObject({
      status: 200,
      body: { state: 'discarded', settled: { by: 'key_admin', reason: 'spam' } },
    });
    const filter = { event_type: 'user.left' };
    const dry = await service.call('POST', '/discard', { filter, reason: 'left', dry_run: true });
    expect(dry.body).toMatchObject({ count: 3 });
    const many = await service.call('POST', '/discard', { filter, reason: 'left' });
    expect(await isDone(service, many.body['id'])).toMatchObject({
      kind: 'discard',
      request: { filter: { event_type: 'user.left' }, reason: 'left' },
      progress: { done: 3, counts: { discarded: 3 } },
    });
    expect(service.deadLetters.all().every(({ state }) => state === 'discarded')).toBe(true);
    expect((await service.call('POST', `/${deadLetter?.id}/redrive`)).status).toBe(409);
    const { body } = await service.call('POST', '/redrive', { all: true });
    await isDone(service, body['id']);
    expect(service.sent()).toEqual([]);
    expect(service.settled().filter(({ how }) => how === 'discarded')).toHaveLength(4);
  });

  it('stay waiting if their job is cancelled before it sends them', async () => {
    const service = await startHere();
    await service.subscribe();
    for (let n = 1; n <= 30; n += 1) await service.deadLetter(n);
    await service.stored(30);
    const { body } = await service.call('POST', '/redrive', { all: true, rate_per_second: 1 });
    const job = String(body['id']);
    await eventually(() => expect(service.sent().length).toBeGreaterThan(0));
    const cancelled = await service.callJobs('POST', `/${job}/cancel`);
    expect(cancelled.body).toMatchObject({ state: 'cancelled', eta: null });
    await eventually(() => expect(service.jobs.all()).toMatchObject([{ isDue: false }]));
    const states = service.deadLetters.all().map(({ state }) => state);
    expect(states.filter((state) => state === 'redriven')).toHaveLength(service.sent().length);
    expect(states.filter((state) => state === 'waiting')).toHaveLength(30 - service.sent().length);
  });

  it.each([
    ['/redrive', {}, '/filter'],
    ['/redrive', { all: true, filter: { reason: 'exhausted' } }, '/filter'],
    ['/redrive', { filter: {} }, '/filter'],
    ['/redrive', { filter: { kind: 'poison' } }, '/filter/kind'],
    ['/redrive', { all: true, rate_per_second: 0 }, '/rate_per_second'],
    ['/redrive', { all: true, rate_per_second: 1_001 }, '/rate_per_second'],
    ['/discard', { all: true }, '/reason'],
  ])('refuse POST %s %j with pointer %s', async (below, body, pointer) => {
    const service = await startHere();
    const answer = await service.call('POST', below, body);
    expect(answer.status).toBe(422);
    expect(answer.body['errors']).toMatchObject([{ pointer }]);
  });
});

describe('poison records', () => {
  it('that are events are shown and found by event, type and consumer, as far as their headers can be decoded', async () => {
    const service = await startHere();
    await service.subscribe();
    const headers = {
      ...{ ce_specversion: '1.0', ce_source: '/orders', ce_workspaceid: 'ws_demo' },
      ...{ ce_type: 'order.paid', ce_consumerid: 'acme' },
    };
    const ours = `evt_${'7'.repeat(32)}`;
    const deadLetter = async (offset: string, ce_id: string, reason?: 'idempotency-conflict') => {
      const origin = { topic: topics.events.name, offset, key: ce_id, headers: { ...headers, ce_id } };
      await service.publish({
        topic: topics.deadLetters,
        ...encodePoison(aPoison(origin, reason), Buffer.from('?')),
      });
    };
    await deadLetter('1', ours, 'idempotency-conflict');
    await deadLetter('2', 'theirs');
    await service.stored(2);
    const found = async (query: string) =>
      (await service.call('GET', query)).body['data'] as unknown as Record<string, unknown>[];
    expect(await found(`?event_id=${ours}`)).toMatchObject([
      { kind: 'poison', event_id: ours, event_type: 'order.paid', consumer_id: 'acme', delivery_id: null },
    ]);
    const derived = deriveEventId({ workspaceId: 'ws_demo', source: '/orders', callerId: 'theirs' });
    expect(await found(`?event_id=${derived}`)).toMatchObject([{ reason: 'undecodable', event_id: derived }]);
    expect(await found('?event_type=order.paid&consumer_id=acme')).toHaveLength(2);
  });

  it('of any topic can be read, discarded, and sent back to their topic if that is requested explicitly', async () => {
    const service = await startHere();
    await service.subscribe();
    const producer = await service.bus.producer();
    await producer.publish({ topic: topics.attempts, key: 'sub_1', value: Buffer.from([0xff]) });
    const headers = { ce_workspaceid: 'ws_demo', ce_type: '..' };
    const poison = aPoison({ topic: topics.events.name, key: 'k', headers });
    await service.publish({ topic: topics.deadLetters, ...encodePoison(poison, Buffer.from('{}')) });
    await service.publish({
      topic: topics.deadLetters,
      ...encodePoison(aPoison({ topic: topics.deliveries.name }), Buffer.from('x')),
    });
    await service.stored(3);
    const { body: list } = await service.call('GET', '?kind=poison');
    expect(list['data']).toHaveLength(3);
    const byTopic = (topic: string) =>
      service.deadLetters.all().find(({ ref }) => ref.kind === 'poison' && ref.topic === topic)?.id;
    const attempt = await service.call('GET', `/${byTopic(topics.attempts.name)}`);
    expect(attempt.body).toMatchObject({
      reason: 'undecodable',
      origin: { topic: 'tidings.attempts', group: 'tidings-history' },
      record: { key: 'sub_1' },
      body: { encoding: 'base64', content: '/w==' },
      command: null,
    });
    const event = byTopic(topics.events.name);
    expect((await service.call('POST', `/${event}/redrive`)).status).toBe(422);
    expect((await service.call('POST', '/redrive', { all: true, dry_run: true })).body).toMatchObject({
      count: 0,
    });
    const { body: job } = await service.call('POST', `/${event}/redrive`, { to_origin: true });
    await isDone(service, job['id']);
    expect(service.bus.records(topics.events)).toMatchObject([
      { key: 'k', headers, value: Buffer.from('{}') },
    ]);
    const discard = await service.call('POST', `/${byTopic(topics.deliveries.name)}/discard`, {
      reason: 'r',
    });
    expect(discard.body).toMatchObject({ state: 'discarded' });
    expect(service.sent()).toEqual([]);
  });
});
