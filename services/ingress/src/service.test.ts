import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { adminKey, sendRaw, startMemoryIngress } from '../test/memory-ingress.ts';

describe('POST /v1/events', () => {
  it('responds 202 when the data are in the log byte for byte', async () => {
    const { post, logged, logger } = await startMemoryIngress();
    const data = '{ "n": 9007199254740993, "f": 1.0, "e": 1e2, "s": "\\ud800 \u2028 é" }';
    const { status, body, headers } = await post('/v1/events', `{"type":"order.paid", "data": ${data} }`);
    expect(status).toBe(202);
    expect(body).toEqual({
      id: expect.stringMatching(/^evt_[0-9a-f]{32}$/) as unknown,
      type: 'order.paid',
      accepted_at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
    });
    const [only, ...more] = logged();
    expect(more).toEqual([]);
    expect(only?.record.value?.toString()).toBe(data);
    expect(only?.record.key).toBeNull();
    expect(only?.event).toMatchObject({
      id: (body as { id: string }).id,
      workspaceId: 'ws_demo',
      source: 'tidings:api',
    });
    expect(headers.get('x-request-id')).toBe(only?.event.traceparent?.split('-')[1]);
    expect(logger.lines.filter(({ level }) => level === 'info')).toMatchObject([{ event: 'event.accepted' }]);
  });

  it('continues the trace of the request', async () => {
    const { post, logged } = await startMemoryIngress();
    const traceId = 'a'.repeat(32);
    await post('/v1/events', '{"type":"a","data":1}', { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` });
    expect(logged()[0]?.event.traceparent?.split('-')[1]).toBe(traceId);
  });

  it('gives a repeat with the same Idempotency-Key, quoted or not, the same id and partition', async () => {
    const { post, logged } = await startMemoryIngress();
    const ids: string[] = [];
    for (const key of ['k-1', '"k-1"', 'k-2']) {
      const { body } = await post('/v1/events', '{"type":"a","data":1}', { 'idempotency-key': key });
      ids.push((body as { id: string }).id);
    }
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
    const same = logged().filter(({ event }) => event.id === ids[0]);
    expect(same.map(({ record }) => record.partition)).toEqual([
      same[0]?.record.partition,
      same[0]?.record.partition,
    ]);
    expect(same).toHaveLength(2);
  });

  it.each([
    ['{"type":"a","data":', 400, 'invalid-request'],
    ['', 400, 'invalid-request'],
    ['{"type":"a","data":1,"wat":2}', 422, 'unprocessable'],
    ['{"type":"tidings.x","data":1}', 422, 'unprocessable'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, 'invalid-request'],
    [Buffer.from('\ufeff{"type":"a","data":1}'), 400, 'invalid-request'],
  ])('refuses %s with %i', async (text, status, code) => {
    const { post, logged } = await startMemoryIngress();
    const answer = await post('/v1/events', text);
    expect(answer).toMatchObject({ status, body: { status, code, type: `/problems/${code}` } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(logged()).toEqual([]);
  });

  it('has a pointer to each invalid field', async () => {
    const { post } = await startMemoryIngress();
    const { body } = await post('/v1/events', '{"type":"a b","time":"noon","data":1,"wat":2}');
    const { errors } = body as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(['/time', '/type', '/wat']);
  });

  it('accepts a body of exactly the limit and refuses one byte more, quoting both', async () => {
    const { post } = await startMemoryIngress();
    const bodyOf = (bytes: number) => `{"type":"a","data":"${'x'.repeat(bytes - 22)}"}`;
    expect((await post('/v1/events', bodyOf(262_144))).status).toBe(202);
    const { status, body } = await post('/v1/events', bodyOf(262_145));
    expect(status).toBe(413);
    expect((body as { detail: string }).detail).toMatch(/262144.*262145/);
    const huge = await post('/v1/events', bodyOf(9_000_000));
    expect((huge.body as { detail: string }).detail).toMatch(/262144.*9000000/);
  });

  it.each([
    [{ authorization: 'Bearer wrong' }, 401],
    [{ authorization: '' }, 401],
    [{ 'content-type': 'text/plain' }, 415],
    [{ 'content-encoding': 'gzip' }, 415],
    [{ 'idempotency-key': 'x'.repeat(257) }, 400],
    [{ 'idempotency-key': '"open' }, 400],
  ])('refuses a request with %j', async (headers, status) => {
    const { post, logged } = await startMemoryIngress();
    expect((await post('/v1/events', '{"type":"a","data":1}', headers)).status).toBe(status);
    expect(logged()).toEqual([]);
  });

  it('refuses two Idempotency-Key headers', async () => {
    const { url } = await startMemoryIngress();
    const body = '{"type":"a","data":1}';
    const answer = await sendRaw(url, [
      'POST /v1/events HTTP/1.1',
      'host: x',
      `authorization: Bearer ${adminKey}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
      'idempotency-key: a',
      'idempotency-key: b',
      'connection: close',
      '',
      body,
    ]);
    expect(answer).toMatch(/^HTTP\/1.1 400 .*must be sent once, got 2/s);
  });
});

describe('while the log is unavailable', () => {
  it('responds 503 with Retry-After, stays ready, and accepts events again when it is back', async () => {
    const { post, bus, url } = await startMemoryIngress();
    expect((await post('/v1/events', '{"type":"a","data":1}')).status).toBe(202);
    bus.setReachable(false);
    const { status, headers, body } = await post('/v1/events', '{"type":"a","data":1}');
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('2');
    expect((body as { detail: string }).detail).toMatch(/may or may not be there/);
    const batch = await post('/v1/events/batch', '{"events":[{"type":"a","data":1},{"type":"b","data":2}]}');
    expect([batch.status, batch.headers.get('retry-after')]).toEqual([503, '2']);
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    bus.setReachable(true);
    expect((await post('/v1/events', '{"type":"a","data":1}')).status).toBe(202);
  });

  it('is ready only once it has reached the log', async () => {
    const bus = createMemoryBus();
    let isThere = false;
    const readRange: MemoryBus['readRange'] = async (options) => {
      if (!isThere) throw new Error('no broker answers');
      await bus.readRange(options);
    };
    const { url } = await startMemoryIngress({}, { ...bus, readRange });
    const ready = async () => {
      const response = await fetch(`${url}/ready`);
      return { status: response.status, text: await response.text() };
    };
    await eventually(async () => expect((await ready()).text).toContain('no broker answers'));
    expect((await ready()).status).toBe(503);
    expect((await fetch(`${url}/live`)).status).toBe(200);
    isThere = true;
    await eventually(async () => expect((await ready()).status).toBe(200));
  });
});

describe('POST /v1/events/batch', () => {
  it('responds 202 with results in order when all are accepted', async () => {
    const { post, logged } = await startMemoryIngress();
    const { status, body } = await post(
      '/v1/events/batch',
      '{"events":[{"type":"a","data": 1.0},{"type":"b","data":[ 2 ]}]}',
      { 'idempotency-key': 'k' },
    );
    expect(status).toBe(202);
    const { results } = body as { results: { status: number; id: string; type: string }[] };
    expect(results).toMatchObject([
      { status: 202, type: 'a', accepted_at: expect.any(String) as unknown },
      { status: 202, type: 'b' },
    ]);
    const texts = new Map(
      logged().map(({ event, record }) => [event.id as string, record.value?.toString()]),
    );
    expect(results.map(({ id }) => texts.get(id))).toEqual(['1.0', '[ 2 ]']);
  });

  it('responds 207 with a problem for each item that is refused', async () => {
    const { post, logged } = await startMemoryIngress({ INGRESS_MAX_EVENT_BYTES: '1024' });
    const large = `{"type":"a","data":"${'x'.repeat(1_100)}"}`;
    const { status, body } = await post(
      '/v1/events/batch',
      `{"events":[{"type":"a","data":1},{"type":"a"},${large}]}`,
    );
    expect(status).toBe(207);
    expect((body as { results: unknown[] }).results).toMatchObject([
      { status: 202 },
      { status: 422, problem: { code: 'unprocessable', errors: [{ pointer: '/events/1/data' }] } },
      { status: 413, problem: { code: 'payload-too-large', status: 413 } },
    ]);
    expect(logged()).toHaveLength(1);
  });

  it('accepts 1,000 events and refuses 1,001, and more than 4 MiB', async () => {
    const { post, logged } = await startMemoryIngress();
    const events = (count: number) => `{"events":[${Array(count).fill('{"type":"a","data":1}').join(',')}]}`;
    expect((await post('/v1/events/batch', events(1_000))).status).toBe(202);
    expect(logged()).toHaveLength(1_000);
    const tooMany = await post('/v1/events/batch', events(1_001));
    expect(tooMany).toMatchObject({ status: 422, body: { errors: [{ pointer: '/events' }] } });
    const tooLarge = await post('/v1/events/batch', Buffer.alloc(4 * 1024 * 1024 + 1, 0x20));
    expect(tooLarge.status).toBe(413);
  });
});
