import { decodeErasure, encodeRun, topics } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import {
  anEvent,
  exported,
  fileOf,
  nowMs,
  startErasing,
  storedText,
} from '../../test/erasure/erasure-harness.ts';
import { isDone, stopAll } from '../../test/in-memory-history.ts';
import { aRun, aStep } from '../../test/runs/run-builders.ts';

afterEach(stopAll);

describe('the erasure of an event', () => {
  it('leaves ids, times and outcomes, and nothing of what was sent, answered or named', async () => {
    const service = await startErasing();
    await service.subscribe();
    const event = anEvent();
    const other = anEvent({ callerId: 'bob-1', orderingKey: 'bob', data: Buffer.from('{"name":"bob"}') });
    await service.accept(event, other);
    await service.deliver(event);
    await service.deadLetter(1, { eventId: event.id, acceptedAtMs: nowMs, orderingKey: 'alice' });
    await service.stored(1);
    const run = aRun({ steps: [aStep()], event: { id: event.id } });
    await service.publish({ topic: topics.runs, ...encodeRun(run) });
    await eventually(() => expect(service.runs.all()).toHaveLength(1));
    const { progress } = await service.erase({ event_id: event.id, reason: 'request 4711' });
    expect(progress).toMatchObject({
      counts: { events: 1, deliveries: 1, dead_letters: 1, runs: 1, exports: 0 },
    });

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
    const service = await startErasing();
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
    const service = await startErasing();
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
