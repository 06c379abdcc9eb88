import {
  decodeDeadLetterFact,
  encodeErasure,
  encodeEvent,
  encodeSource,
  encodeWebhookReceived,
  type SourceRecord,
  topics,
  type WebhookReceived,
  workspaceId,
} from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, expect, it } from 'vitest';
import { anAcceptedEvent } from '../../test/builders.ts';
import { acmeKey, newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';
import { aReceivingSource } from '../../test/received/received-store-contract.ts';

afterEach(stopAll);

const demo = workspaceId('ws_demo');

type Page = Readonly<{ data: readonly Record<string, unknown>[]; next_cursor: string | null }>;

const start = async () => {
  const { scope, fact: factOf, refused: refusedOf } = aReceivingSource();
  const service = await startHere(newBacking());
  const fact = (atMs: number, over: Partial<WebhookReceived> = {}) =>
    factOf(atMs, { workspaceId: demo, ...over });
  const receive = async (...facts: readonly WebhookReceived[]) => {
    for (const one of facts) await service.publish({ topic: topics.received, ...encodeWebhookReceived(one) });
    await eventually(() => {
      const ids = service.received.all().map(({ id }) => id);
      for (const { id } of facts) expect(ids).toContain(id);
    });
  };
  const path = `/v1/webhooks/sources/${scope.sourceId}/received`;
  const list = async (query = ''): Promise<Page> =>
    (await service.callAt(`${path}${query}`, 'GET')).body as unknown as Page;
  const refused = (atMs: number, reason: WebhookReceived['reason'], count = 1) => ({
    ...refusedOf(atMs, reason, count),
    workspaceId: demo,
  });
  return { ...service, scope, path, fact, refused, receive, list };
};

it('lists what a source received beside what went out, page by page', async () => {
  const { fact, refused, receive, list, publish, attempt, events, deliveries } = await start();
  const event = { ...anAcceptedEvent(demo), callerId: 'their-id', consumerId: null };
  await publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
  await attempt({ eventId: event.id, workspaceId: demo });
  await eventually(() => expect([events.all().length, deliveries.all().length]).toEqual([1, 1]));
  const atMs = Date.now() - 1_000;
  await receive(fact(atMs, { eventIds: [event.id] }));
  await receive(
    refused(atMs + 1, 'no-matching-signature', 12),
    fact(atMs + 2, { eventIds: [event.id], isSpooled: true }),
  );
  const { data, next_cursor } = await list('?limit=2');
  expect(data).toMatchObject([
    {
      ...{ outcome: 'repeated', spooled: true },
      event_ids: [event.id],
      provider_id: 'their-id',
      deliveries: { total: 1, delivered: 1 },
    },
    { outcome: 'refused', reason: 'no-matching-signature', count: 12, size_bytes: null, deliveries: null },
  ]);
  const rest = await list(`?limit=2&cursor=${next_cursor}`);
  expect(rest).toMatchObject({
    data: [
      {
        outcome: 'accepted',
        spooled: false,
        type: 'github.push',
        size_bytes: 17,
        received_at: new Date(atMs).toISOString(),
      },
    ],
    next_cursor: null,
  });
  expect((await list('?outcome=refused')).data).toHaveLength(1);
  expect((await list(`?event_id=${event.id}&outcome=repeated`)).data).toHaveLength(1);
  expect((await list(`?received_after=${new Date(atMs).toISOString()}`)).data).toHaveLength(2);
});

it('shows no id of the provider whose event is erased', async () => {
  const { fact, receive, list, publish, events } = await start();
  const event = { ...anAcceptedEvent(demo), callerId: 'about-alice' };
  await publish({ topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) });
  await eventually(() => expect(events.all()).toHaveLength(1));
  await receive(fact(Date.now(), { eventIds: [event.id] }));
  expect((await list()).data).toMatchObject([{ provider_id: 'about-alice' }]);
  await publish({
    topic: topics.erasures,
    ...encodeErasure({
      ...{ type: 'DataErased.v1', erasureId: `job_${'1'.repeat(32)}`, workspaceId: demo, reason: null },
      ...{ beforeMs: Date.now() + 60_000, requestedBy: 'key_1', requestedAtMs: Date.now() },
      scope: { kind: 'event', eventId: event.id },
    }),
  });
  await eventually(async () => expect((await list()).data).toMatchObject([{ provider_id: null }]));
});

it('knows the sources of its workspace alone, and what a deleted one has left', async () => {
  const { fact, receive, list, callAt, path, publish, scope } = await start();
  const source: SourceRecord = {
    ...{ type: 'SourceChanged.v1', id: scope.sourceId, workspaceId: demo, state: 'active', version: 1 },
    ...{ provider: 'github', audience: 'internal', consumerId: null, options: {}, secrets: [] },
  };
  const statusOf = async (): Promise<number> => (await callAt(path, 'GET')).status;
  expect(await statusOf()).toBe(404);
  const foreign = { ...source, workspaceId: workspaceId('ws_other') };
  await publish({ topic: topics.sources, ...encodeSource(foreign) });
  expect(await statusOf()).toBe(404);
  await publish({ topic: topics.sources, ...encodeSource({ ...source, version: 2 }) });
  await eventually(async () => expect(await list()).toEqual({ data: [], next_cursor: null }));
  await receive(fact(1));
  await publish({ topic: topics.sources, key: scope.sourceId, value: null });
  expect((await list()).data).toHaveLength(1);
});

it('is for keys of the workspace, shows nothing of another, and refuses what it does not know', async () => {
  const { fact, receive, callAt, path } = await start();
  await receive(fact(1, { workspaceId: workspaceId('ws_other') }));
  expect((await callAt(path, 'GET')).status).toBe(404);
  expect((await callAt(path, 'GET', { key: acmeKey })).status).toBe(403);
  for (const query of ['?outcome=lost', '?reason=why', '?type=a..b', '?event_id=1', '?cursor=x', '?who=me'])
    expect((await callAt(`${path}${query}`, 'GET')).status).toBe(400);
  expect((await callAt('/v1/webhooks/sources/src_1/received', 'GET')).status).toBe(404);
});

it('makes a dead letter of a record that is no fact, and reads on', async () => {
  const { fact, receive, publish, bus, scope } = await start();
  await publish({ topic: topics.received, key: scope.sourceId, value: Buffer.from('{"type":1}') });
  await receive(fact(Date.now()));
  await eventually(() => expect(bus.records(topics.deadLetters).map(decodeDeadLetterFact)).toHaveLength(1));
});
