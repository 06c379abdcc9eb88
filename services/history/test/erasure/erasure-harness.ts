import { type EventAccepted, encodeEvent, newEventId, topics, workspaceId } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { expect } from 'vitest';
import { type Backing, isDone, newBacking, startHere } from '../in-memory-history.ts';

/** The time of the events and attempts. */
export const nowMs = Date.now();
/** The workspace of the keys. */
export const demo = workspaceId('ws_demo');
/** The exchange of an attempt, which names a person. */
export const exchange = JSON.stringify({
  phases: { totalMs: 5 },
  request: { headers: { 'x-person': 'alice' } },
  response: { headers: { 'x-person': 'alice' }, body: 'hello alice' },
});

/** Returns an event that names a person in all that an erasure removes. */
export const anEvent = (over: Partial<EventAccepted> = {}): Omit<EventAccepted, 'type'> => ({
  ...{ id: newEventId(nowMs), callerId: 'alice-1', workspaceId: demo, consumerId: null },
  ...{ eventType: 'order.paid', source: '/orders', time: '2026-11-22T10:00:00Z', orderingKey: 'alice' },
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  data: Buffer.from('{"name":"alice"}'),
  ...over,
});

/** Starts a history with what tests of erasures ask of it. */
export const startErasing = async (backing: Backing = newBacking()) => {
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

/** A history that was started so. */
export type Erasing = Awaited<ReturnType<typeof startErasing>>;

/** Returns everything that the stores hold, as text. */
export const storedText = async ({ events, deliveries, deadLetters, runs }: Erasing): Promise<string> => {
  const contents = await deadLetters.readContents(deadLetters.all().map(({ ref }) => ref));
  const bodies = [...contents.values()].map((content) =>
    content.kind === 'delivery' ? [content.command.body.toString(), content.command.state] : content.kind,
  );
  return JSON.stringify([events.all(), deliveries.all(), deadLetters.all(), bodies, runs.all()]);
};

/** Runs an export, and returns its id. */
export const exported = async (service: Erasing, of: string) => {
  const { body } = await service.post('/exports', { of, format: 'ndjson' });
  const id = String(body['export_id']);
  await isDone(service, id);
  return id;
};

/** Returns the content of an export. */
export const fileOf = async (service: Erasing, id: string): Promise<string> => {
  const { body } = await service.get(`/exports/${id}`);
  return (await fetch(`${service.url}${String(body['download_url'])}`)).text();
};
