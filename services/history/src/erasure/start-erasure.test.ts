import { encodeErasure, newEventId, topics, workspaceId } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { anEvent, demo, nowMs, startErasing, storedText } from '../../test/erasure/erasure-harness.ts';
import { acmeKey, isDone, stopAll } from '../../test/in-memory-history.ts';

afterEach(stopAll);

describe('a request for erasure', () => {
  it('needs the scope admin, and an event or a consumer of the workspace', async () => {
    const service = await startErasing();
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
    const service = await startErasing();
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
    const service = await startErasing();
    const event = anEvent();
    await service.accept(event);
    await service.deliver(event);
    await service.publish({
      topic: topics.erasures,
      ...encodeErasure({
        ...{ type: 'DataErased.v1', erasureId: `job_${'7'.repeat(32)}`, workspaceId: demo },
        ...{ scope: { kind: 'event', eventId: event.id }, beforeMs: Date.now() + 60_000 },
        ...{ requestedBy: 'key_admin', requestedAtMs: nowMs, reason: null },
      }),
    });
    await eventually(async () =>
      expect((await service.get(`/events/${event.id}`)).body).toMatchObject({ data_status: 'erased' }),
    );
    const lists = await Promise.all(['/events', '/deliveries'].map(async (path) => service.get(path)));
    expect(JSON.stringify(lists)).not.toContain('alice');
    expect(await storedText(service)).toContain('alice');
  });
});
