import { consumerId, encodeAttempt, exchangeText, topics, workspaceId } from '@tidings/contracts';
import { MemoryIdempotencyStore } from '@tidings/http/testing';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createServiceContext } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { AppError, loadConfig } from '@tidings/runtime';
import { eventually, lintApi, publishTestKey, untilKeysLoaded } from '@tidings/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryAuditStore } from '../test/audit/memory-audit-store.ts';
import { aFailure, outcomes, testSealingKeys } from '../test/builders.ts';
import { createMemoryDeadLetterStore } from '../test/dead-letters/memory-dead-letter-store.ts';
import { createMemoryDeliveryStore } from '../test/deliveries/memory-delivery-store.ts';
import { createMemoryEventStore } from '../test/events/memory-event-store.ts';
import { createMemoryJobStore } from '../test/jobs/memory-job-store.ts';
import { createMemoryReceivedStore } from '../test/received/memory-received-store.ts';
import { createMemoryRetryStore } from '../test/retries/memory-retry-store.ts';
import { createMemoryRunStore } from '../test/runs/memory-run-store.ts';
import { createMemoryStatisticsStore } from '../test/statistics/memory-statistics-store.ts';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startHistory } from './service.ts';

const adminKey = 'an-admin-key-for-tests';
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const start = async () => {
  const bus = createMemoryBus();
  const store = createMemoryDeliveryStore();
  const config = loadConfig(configSpec, {
    KAFKA_BROKERS: 'memory:1',
    MONGODB_URI: 'mongodb://memory',
    SEALING_KEYS: testSealingKeys,
    HISTORY_BATCH_INTERVAL: '1ms',
  });
  const logger = recordingLogger();
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'history',
    config,
    catalogue: metricsCatalogue,
    logger,
  });
  const producer = await bus.producer();
  await publishTestKey(producer, { key: adminKey, workspaceId: 'ws_demo' });
  const { url } = await startHistory(context, {
    openBus: async () => bus,
    openStores: () => ({
      deliveries: store,
      events: createMemoryEventStore(),
      deadLetters: createMemoryDeadLetterStore(),
      audit: createMemoryAuditStore(),
      received: createMemoryReceivedStore(),
      jobs: createMemoryJobStore(),
      retries: createMemoryRetryStore(),
      keys: new MemoryIdempotencyStore(),
      statistics: createMemoryStatisticsStore(),
      runs: createMemoryRunStore(),
    }),
  });
  cleanUps.push(async () => context.resources.close(5_000));
  await untilKeysLoaded(url);
  const record = async (...attempts: ReturnType<typeof anAttemptRecord>[]) => {
    const records = attempts.map((attempt) => ({ topic: topics.attempts, ...encodeAttempt(attempt, null) }));
    await producer.publishAll(records);
  };
  const get = async (path: string, key: string = adminKey) => {
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
    return { status: response.status, headers: response.headers, body: (await response.json()) as never };
  };
  return { bus, store, url, record, get, logger };
};

const path = '/v1/webhooks/deliveries';
type List = { data: { id: string; status: string }[]; next_cursor: string | null };
type Problem = { errors: { pointer: string; detail: string }[] };

describe('the history service', () => {
  it('describes its routes without lint errors', async () => {
    const { get } = await start();
    const { body } = await get('/v1/openapi.json');
    expect(Object.keys((body as { paths: object }).paths)).toContain(`${path}/{id}`);
    expect(await lintApi(body)).toEqual([]);
    // A discarded dead letter is not redriven, nor is a redriven one discarded: found by test:fuzz.
    for (const action of ['redrive', 'discard']) {
      expect(body).toHaveProperty([
        'paths',
        `/v1/webhooks/dead-letters/{id}/${action}`,
        'post',
        'responses',
        '409',
      ]);
    }
  });

  it('shows a delivery with every attempt', async () => {
    const { record, get } = await start();
    const exchange = exchangeText({
      phases: { firstByteMs: 1.2, bodyMs: 0.1, totalMs: 1.5 },
      request: { headers: { 'x-plan': 'gold', authorization: '***' } },
      response: { headers: { 'set-cookie': ['a=1', 'b=2'] }, omitted: 3, truncated: true },
    });
    const ended = anAttemptRecord(1, { attempt: 2, trigger: 'retry', atMs: 1_790_000_002_000, exchange });
    await record(aFailure(1, 1), anAttemptRecord(1, { attempt: 2, outcome: outcomes.deferred }), ended);
    await eventually(async () => {
      const { body } = await get(`${path}/${ended.deliveryId}`);
      expect(body).toEqual({
        id: ended.deliveryId,
        event_id: ended.eventId,
        event_type: 'order.paid',
        subscription_id: 'sub_1',
        ordering_key: null,
        consumer_id: null,
        status: 'delivered',
        status_reason: null,
        attempt_count: 2,
        last_status_code: 200,
        last_reason: null,
        last_attempt_at: '2026-09-21T14:13:22.000Z',
        next_attempt_at: null,
        erased: false,
        created_at: '2026-09-21T14:13:20.000Z',
        updated_at: '2026-09-21T14:13:22.000Z',
        attempts: [
          {
            attempt: 1,
            chain: 0,
            trigger: 'event',
            at: '2026-09-21T14:13:21.000Z',
            duration_ms: 12,
            outcome: 'failed',
            status_code: 500,
            reason: 'http-status',
            response_excerpt: 'no',
            next: { kind: 'retry', at: '2026-09-21T14:13:22.000Z' },
            // As an earlier release recorded it.
            details: 'unrecorded',
            phases: null,
            request_headers: null,
            request_headers_omitted: 0,
            response_headers: null,
            response_headers_omitted: 0,
            response_body: 'no',
            response_body_encoding: 'utf8',
            response_body_truncated: false,
            response_body_withheld: false,
          },
          {
            attempt: 2,
            chain: 0,
            trigger: 'retry',
            at: '2026-09-21T14:13:22.000Z',
            duration_ms: 12,
            outcome: 'delivered',
            status_code: 200,
            reason: null,
            response_excerpt: 'ok',
            next: { kind: 'none' },
            details: 'recorded',
            phases: {
              dns_ms: null,
              connect_ms: null,
              tls_ms: null,
              first_byte_ms: 1.2,
              body_ms: 0.1,
              total_ms: 1.5,
            },
            request_headers: {
              'content-type': 'application/json',
              'webhook-id': ended.deliveryId,
              'webhook-timestamp': '1790000002',
              'webhook-signature': 'v1,***',
              'x-webhook-event': 'order.paid',
              'x-plan': 'gold',
              authorization: '***',
            },
            request_headers_omitted: 0,
            response_headers: { 'set-cookie': ['a=1', 'b=2'] },
            response_headers_omitted: 3,
            response_body: 'ok',
            response_body_encoding: 'utf8',
            response_body_truncated: true,
            response_body_withheld: false,
          },
        ],
        attempts_truncated: false,
      });
    });
  });

  it('lists by page and by filter, with a link to the next page', async () => {
    const { record, get } = await start();
    await record(
      ...Array.from({ length: 7 }, (_, n) => anAttemptRecord(n + 1, { acceptedAtMs: 1_790_000_000_000 + n })),
      aFailure(8, 1),
    );
    await eventually(async () =>
      expect((await get(path)).body as List).toMatchObject({ data: { length: 8 } }),
    );
    const first = await get(`${path}?status=delivered&limit=4`);
    const { data, next_cursor } = first.body as List;
    expect(data).toHaveLength(4);
    expect(first.headers.get('link')).toContain('rel="next"');
    const second = (await get(`${path}?limit=4&status=delivered&cursor=${next_cursor}`)).body as List;
    expect(second.data).toHaveLength(3);
    expect(second.next_cursor).toBeNull();
    expect(new Set([...data, ...second.data].map(({ id }) => id)).size).toBe(7);
    const other = await get(`${path}?status=retrying&cursor=${next_cursor}`);
    expect(other.status).toBe(400);
    const byEvent = (await get(`${path}?event_id=${aFailure(8, 1).eventId}`)).body as List;
    expect(byEvent.data).toMatchObject([{ status: 'retrying' }]);
  });

  it.each([
    ['event_id=evt_1', '/event_id'],
    ['subscription_id=abc', '/subscription_id'],
    ['status=dead', '/status'],
    ['status=failed&status=pending', '/status'],
    ['event_type=order..paid', '/event_type'],
    ['consumer_id=', '/consumer_id'],
    ['limit=0', '/limit'],
    ['limit=101', '/limit'],
    ['cursor=garbage', '/cursor'],
    ['state=pending', '/state'],
  ])('rejects ?%s with pointer %s', async (query, pointer) => {
    const { get } = await start();
    const { status, body } = await get(`${path}?${query}`);
    expect(status).toBe(400);
    expect((body as Problem).errors.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('isolates tenants: no key, a wrong key, another workspace', async () => {
    const { store, record, get, url } = await start();
    const foreign = anAttemptRecord(1, {
      workspaceId: workspaceId('ws_other'),
      consumerId: consumerId('acme'),
    });
    await record(foreign, anAttemptRecord(2));
    await eventually(() => expect(store.all()).toHaveLength(2));
    expect((await fetch(`${url}${path}`)).status).toBe(401);
    expect((await get(path, 'another-key-altogether')).status).toBe(401);
    expect((await get(`${path}/${foreign.deliveryId}`)).status).toBe(404);
    expect((await get(`${path}/${anAttemptRecord(3).deliveryId}`)).status).toBe(404);
    expect(((await get(path)).body as List).data.map(({ id }) => id)).toEqual([
      anAttemptRecord(2).deliveryId,
    ]);
    expect(((await get(`${path}?event_id=${foreign.eventId}`)).body as List).data).toEqual([]);
  });

  it('waits for MongoDB, is not ready meanwhile, and commits only what is written', async () => {
    const { bus, store, record, get, url, logger } = await start();
    await eventually(async () => expect((await fetch(`${url}/ready`)).status).toBe(200));
    const committed = async () => {
      const lags = await bus.lag('tidings-history', [topics.attempts]);
      return lags.reduce((sum, { committedOffset }) => sum + committedOffset, 0n);
    };
    const away = new AppError({ code: 'unavailable', message: 'MongoDB is unavailable' });
    store.fail(away, 1_000);
    await record(anAttemptRecord(1));
    await eventually(async () => {
      const response = await fetch(`${url}/ready`);
      expect(response.status).toBe(503);
      expect(await response.text()).toContain('MongoDB is unavailable');
    });
    expect(await committed()).toBe(0n);
    store.fail(away, 0);
    await eventually(() => expect(store.all()).toHaveLength(1));
    await eventually(async () => expect((await fetch(`${url}/ready`)).status).toBe(200));
    await eventually(async () => expect(await committed()).toBe(1n));
    store.fail(away, 1);
    expect(await get(path)).toMatchObject({ status: 503 });
    const lines = logger.lines.filter(({ event }) => event === 'attempts.projected');
    expect(lines.map(({ fields }) => fields)).toMatchObject([{ records: 1, inserted: 1 }]);
  });

  it('dead-letters a record that is no attempt event and continues', async () => {
    const { bus, store, record } = await start();
    const producer = await bus.producer();
    await producer.publish({ topic: topics.attempts, key: 'sub_1', value: Buffer.from('{}') });
    await record(anAttemptRecord(1));
    await eventually(() => expect(store.all()).toHaveLength(1));
    expect(bus.records(topics.deadLetters)).toHaveLength(1);
  });
});
