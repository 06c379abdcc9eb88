import { connect } from 'node:net';
import { decodeEvent, topics } from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { createServiceContext } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { loadConfig } from '@tidings/runtime';
import { eventually, lintApi, publishTestKey, untilKeysLoaded } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startIngress } from './service.ts';

const adminKey = 'a-key-of-sixteen-characters';

const start = async (env: Record<string, string> = {}, bus: MemoryBus = createMemoryBus()) => {
  const config = loadConfig(configSpec, {
    KAFKA_BROKERS: 'localhost:1',
    INGRESS_PUBLISH_DEADLINE: '100ms',
    ...env,
  });
  const logger = recordingLogger();
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'ingress',
    config,
    catalogue: metricsCatalogue,
    logger,
  });
  await publishTestKey(await bus.producer(), { key: adminKey, workspaceId: 'ws_demo' });
  const { url } = await startIngress(context, async () => bus);
  onTestFinished(async () => context.resources.close(5_000));
  await untilKeysLoaded(url);
  const post = async (path: string, body: string | Buffer, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', ...headers },
      body,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as never };
  };
  const logged = () => bus.records(topics.events).map((record) => ({ record, event: decodeEvent(record) }));
  return { url, bus, post, logged, logger, context };
};

describe('POST /v1/events', () => {
  it('responds 202 when the data are in the log byte for byte', async () => {
    const { post, logged, logger } = await start();
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
    const { post, logged } = await start();
    const traceId = 'a'.repeat(32);
    await post('/v1/events', '{"type":"a","data":1}', { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` });
    expect(logged()[0]?.event.traceparent?.split('-')[1]).toBe(traceId);
  });

  it('gives a repeat with the same Idempotency-Key, quoted or not, the same id and partition', async () => {
    const { post, logged } = await start();
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
    const { post, logged } = await start();
    const answer = await post('/v1/events', text);
    expect(answer).toMatchObject({ status, body: { status, code, type: `/problems/${code}` } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(logged()).toEqual([]);
  });

  it('has a pointer to each invalid field', async () => {
    const { post } = await start();
    const { body } = await post('/v1/events', '{"type":"a b","time":"noon","data":1,"wat":2}');
    const { errors } = body as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(['/time', '/type', '/wat']);
  });

  it('accepts a body of exactly the limit and refuses one byte more, quoting both', async () => {
    const { post } = await start();
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
    const { post, logged } = await start();
    expect((await post('/v1/events', '{"type":"a","data":1}', headers)).status).toBe(status);
    expect(logged()).toEqual([]);
  });

  it('refuses two Idempotency-Key headers', async () => {
    const { url } = await start();
    const body = '{"type":"a","data":1}';
    const answer = await raw(url, [
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
    const { post, bus, url } = await start();
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
    const { url } = await start({}, { ...bus, readRange });
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
    const { post, logged } = await start();
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
    const { post, logged } = await start({ INGRESS_MAX_EVENT_BYTES: '1024' });
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
    const { post, logged } = await start();
    const events = (count: number) => `{"events":[${Array(count).fill('{"type":"a","data":1}').join(',')}]}`;
    expect((await post('/v1/events/batch', events(1_000))).status).toBe(202);
    expect(logged()).toHaveLength(1_000);
    const tooMany = await post('/v1/events/batch', events(1_001));
    expect(tooMany).toMatchObject({ status: 422, body: { errors: [{ pointer: '/events' }] } });
    const tooLarge = await post('/v1/events/batch', Buffer.alloc(4 * 1024 * 1024 + 1, 0x20));
    expect(tooLarge.status).toBe(413);
  });
});

describe('besides the routes', () => {
  it('serves its metrics and refuses unknown paths', async () => {
    const { url, post } = await start();
    await post('/v1/events', '{"type":"a","data":1}');
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('tidings_ingress_events_total{outcome="accepted",service="ingress"} 1');
    expect((await post('/v1/nothing', '{}')).status).toBe(404);
    const wrongMethod = await fetch(`${url}/v1/events`);
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers.get('allow')).toBe('POST, OPTIONS');
  });

  it('describes its routes in valid OpenAPI', async () => {
    const { url } = await start();
    const description = (await (await fetch(`${url}/v1/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(description.paths)).toEqual(['/v1/events', '/v1/events/batch', '/v1/openapi.json']);
    expect(await lintApi(description)).toEqual([]);
    // Sent by the server itself, before any route is known: found by test:fuzz with a query of 17,000 characters.
    expect(description).toHaveProperty(['paths', '/v1/events', 'post', 'responses', '431']);
  });

  it('responds 431 to huge headers and 400 to bytes that are not HTTP', async () => {
    const { url } = await start();
    expect(await raw(url, ['GET /live HTTP/1.1', `x: ${'y'.repeat(17_000)}`, '', ''])).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(await raw(url, ['nonsense', '', ''])).toMatch(/^HTTP\/1.1 400 /);
  });
});

/** Writes the lines to the server unchanged and returns everything received until the server closes. */
async function raw(url: string, lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(lines.join('\r\n')));
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

describe('a delivery of this installation', () => {
  const mark = { 'tidings-loop': 'installation-1' };

  it.each(['/v1/events', '/v1/events/batch', '/v1/sources/any'])(
    'is refused at %s with 508',
    async (path) => {
      const { post, logged } = await start({ LOOP_ID: 'installation-1' });
      const { status, body, headers } = await post(path, '{"type":"order.paid"}', mark);
      expect(status).toBe(508);
      expect(headers.get('content-type')).toContain('application/problem+json');
      expect(body).toMatchObject({ status: 508, title: 'Loop' });
      expect(logged()).toEqual([]);
    },
  );

  it('is distinguished from one of another installation', async () => {
    const { post } = await start({ LOOP_ID: 'installation-2' });
    expect((await post('/v1/events', '{"type":"order.paid","data":1}', mark)).status).toBe(202);
  });

  it('is not detected without an id of the installation', async () => {
    const { post } = await start();
    expect((await post('/v1/events', '{"type":"order.paid","data":1}', { 'tidings-loop': '' })).status).toBe(
      202,
    );
  });
});
