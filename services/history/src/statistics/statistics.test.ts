import { consumerId, encodeAttempt, topics } from '@tidings/contracts';
import { eventually, publishTestKey } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { afterEach, describe, expect, it } from 'vitest';
import { outcomes } from '../../test/builders.ts';
import { newBacking, startHere, stopAll } from '../../test/in-memory-history.ts';

afterEach(stopAll);

const path = '/v1/webhooks/stats';
const acmeKey = 'a-key-of-acme-for-tests';

/** Starts the service with three attempts of this minute, two of them of acme. */
const start = async () => {
  const backing = newBacking();
  const service = await startHere(backing);
  const producer = await backing.bus.producer();
  const atMs = Date.now();
  const attempts = [
    anAttemptRecord(1, { atMs, acceptedAtMs: atMs - 30, consumerId: consumerId('acme') }),
    anAttemptRecord(2, {
      atMs,
      acceptedAtMs: atMs - 30,
      consumerId: consumerId('acme'),
      outcome: outcomes.failed,
    }),
    anAttemptRecord(3, { atMs, acceptedAtMs: atMs - 30 }),
  ];
  await producer.publishAll(attempts.map((one) => ({ topic: topics.attempts, ...encodeAttempt(one, null) })));
  await eventually(async () => {
    const { body } = await service.callAt(path, 'GET');
    expect(body).toMatchObject({ total: { attempts: 3 } });
  });
  return { ...service, producer, bus: backing.bus };
};

describe('the statistics of the service', () => {
  it('are those of the last 24 hours by default, and commit what they contain', async () => {
    const { callAt, bus } = await start();
    const { body } = await callAt(path, 'GET');
    expect(body).toMatchObject({
      ...{ granularity: 'hour', group_by: null, groups: null },
      total: {
        delivered: 2,
        failed: 1,
        success_rate: 0.6667,
        accept_to_delivered_ms: { p50: expect.any(Number) as number },
      },
      buckets: [{ attempts: 3 }],
    });
    const hours = (Date.parse(String(body['to'])) - Date.parse(String(body['from']))) / 3_600_000;
    expect(hours).toBe(25);
    await eventually(async () => {
      const lags = await bus.lag('tidings-history', [topics.attempts]);
      expect(lags.map(({ lagRecords }) => lagRecords)).toEqual(lags.map(() => 0n));
    });
  });

  it('show a consumer its own', async () => {
    const { callAt } = await start();
    const asAcme = async (query: string) => (await callAt(`${path}${query}`, 'GET', { key: acmeKey })).body;
    expect(await asAcme('')).toMatchObject({ total: { attempts: 2 } });
    const grouped = await asAcme('?group_by=consumer&granularity=minute');
    expect(grouped).toMatchObject({ groups: [{ consumer_id: 'acme', attempts: 2 }], group_count: 1 });
    expect(await asAcme('?consumer_id=other')).toMatchObject({ total: { attempts: 0 }, buckets: [] });
  });

  it.each([
    ['from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z', '/from'],
    ['from=2026-01-01T00:00:00Z&to=2026-11-01T00:00:00Z&granularity=minute', '/from'],
    ['granularity=week', '/granularity'],
    ['group_by=workspace', '/group_by'],
    ['limit=1001', '/limit'],
  ])('refuse ?%s with pointer %s', async (query, pointer) => {
    const { callAt } = await startHere();
    const { status, body } = await callAt(`${path}?${query}`, 'GET');
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ pointer }] });
  });
});

describe('the state of the system', () => {
  it('is for operators only', async () => {
    const { callAt, producer } = await start();
    const operator = 'a-key-of-the-operator';
    await publishTestKey(producer, { key: operator, workspaceId: 'ws_demo', scopes: ['platform'] });
    const system = '/v1/webhooks/system';
    await eventually(async () => {
      const { status, body } = await callAt(system, 'GET', { key: operator });
      expect(status).toBe(200);
      expect(body).toMatchObject({ errors: [], breakers: { open: 0 }, hops: expect.any(Array) as unknown });
    });
    await publishTestKey(producer, { key: 'a-key-without', workspaceId: 'ws_demo', scopes: ['admin'] });
    for (const key of [acmeKey, 'a-key-without']) {
      expect((await callAt(system, 'GET', { key })).status).toBe(403);
    }
  });
});
