import { connect } from 'node:net';
import { eventually, publishTestKey } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aHangingLog } from '../../test/hanging-log.ts';
import { adminKey, type MemoryResponse, startMemoryIngress } from '../../test/memory-ingress.ts';

const event = '{"type":"a","data":1}';
// The least that can be set: 64 requests of those who can repeat them, 128 in all.
const least = { INGRESS_MAX_WAITING_REQUESTS: '128' };

/** Starts ingress over a log that answers nobody. */
async function start() {
  const log = aHangingLog();
  const ingress = await startMemoryIngress(least, log.bus);
  // Otherwise what still waits would delay the end of the test.
  onTestFinished(() => log.acknowledge());
  const keyed = async (key: string, spool = false): Promise<Record<string, string>> => {
    await publishTestKey(await log.bus.producer(), { key, workspaceId: 'ws_demo', spool });
    const headers = { authorization: `Bearer ${key}` };
    await eventually(async () => expect((await ingress.post('/v1/events', '{}', headers)).status).toBe(422));
    return headers;
  };
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${ingress.url}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(name));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  const waiting = async (count: number): Promise<void> =>
    eventually(async () => expect(await metric('tidings_ingress_waiting_requests')).toBe(count));
  const fill = async (
    count: number,
    headers: Record<string, string> = {},
  ): Promise<Promise<MemoryResponse>[]> => {
    const posts = Array.from({ length: count }, async () => ingress.post('/v1/events', event, headers));
    return posts;
  };
  return { ...log, ...ingress, keyed, metric, waiting, fill };
}

/** Sends the head of a request that announces a body, without the body. Returns the socket and the status, once it comes. */
function sendHead(url: string, path: string, fields: Readonly<Record<string, string>>) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  const all = {
    host: 'here',
    authorization: `Bearer ${adminKey}`,
    'content-type': 'application/json',
    ...fields,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  socket.write([`POST ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
  const status = new Promise<string>((resolve, reject) => {
    socket.setEncoding('utf8').once('data', (text: string) => resolve(text.split(' ')[1] ?? ''));
    socket.on('error', reject);
  });
  return { socket, status };
}

describe('while the log answers nobody', () => {
  it('the request beyond the limit is refused at once, before its body, and the others wait', async () => {
    const { url, post, fill, waiting, acknowledge, logger } = await start();
    const posts = await fill(64);
    await waiting(64);
    const { status, headers, body } = await post('/v1/events', event);
    expect(body).toMatchObject({
      ...{ status: 503, code: 'unavailable', type: '/problems/unavailable' },
      detail: expect.stringMatching(
        /^64 requests are in progress, and 64 may be now: nothing was written/,
      ) as string,
    });
    expect([status, headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^[123]$/)]);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(await sendHead(url, '/v1/events', { 'content-length': '1000' }).status).toBe('503');
    expect(await sendHead(url, '/v1/events/batch', { 'content-length': '1000' }).status).toBe('503');
    // One line for many refusals.
    expect(logger.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { event: 'admission.refused', fields: { requests: 64, limit: 64, refused: { sender: 0, all: 1 } } },
    ]);
    acknowledge();
    expect((await Promise.all(posts)).map((answer) => answer.status)).toEqual(posts.map(() => 202));
    expect((await post('/v1/events', event)).status).toBe(202);
  });

  it('health and metrics answer', async () => {
    const { url, fill, waiting, metric, post } = await start();
    void fill(64);
    await waiting(64);
    await post('/v1/events', event);
    for (const path of ['/live', '/ready', '/metrics', '/problems/unavailable'])
      expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
    expect(await metric('tidings_ingress_refused_requests_total')).toBe(1);
    expect(await metric('tidings_ingress_request_limit')).toBe(64);
  });

  it('another key has its share, and the one that has more is refused with 429', async () => {
    const { post, fill, waiting, keyed, metric } = await start();
    const other = await keyed('another-key-of-some-length');
    void fill(64);
    await waiting(64);
    void fill(32, other);
    await waiting(96);
    const { status, headers, body } = await post('/v1/events', event);
    expect([status, headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^[123]$/)]);
    expect(body).toMatchObject({
      code: 'rate-limited',
      detail: expect.stringMatching(/^Your key has 64 requests in progress and a share of 32 now/) as string,
    });
    expect(await metric('tidings_ingress_refused_requests_total')).toBe(1);
    expect((await post('/v1/events', event, other)).status).toBe(503);
    expect(await metric('tidings_ingress_refused_requests_total')).toBe(2);
  });

  it('a key with a spool is refused last, and everybody is when all is full', async () => {
    const { url, post, fill, waiting, keyed } = await start();
    const spooling = await keyed('a-key-that-may-be-spooled', true);
    const more = await keyed('another-that-may-be-spooled', true);
    void fill(64);
    await waiting(64);
    void fill(32, spooling);
    await waiting(96);
    expect((await post('/v1/events', event, spooling)).status).toBe(429);
    void fill(32, more);
    await waiting(128);
    expect((await post('/v1/events', event, { authorization: 'Bearer no-such-key' })).status).toBe(503);
    const source = `/v1/sources/src_${'1'.repeat(32)}`;
    expect(await sendHead(url, source, { 'content-length': '1000' }).status).toBe('503');
  });

  it('a wrong key is still 401 while there is room in all', async () => {
    const { post, fill, waiting } = await start();
    void fill(64);
    await waiting(64);
    expect((await post('/v1/events', event, { authorization: 'Bearer no-such-key' })).status).toBe(401);
  });

  it('a batch and a stream of lines count by their bytes, as far as they are held', async () => {
    const { url, waiting, metric } = await start();
    const mebibyte = 1_024 * 1_024;
    sendHead(url, '/v1/events/batch', { 'content-length': String(mebibyte) });
    await waiting(17);
    sendHead(url, '/v1/events/batch', {
      ...{ 'content-type': 'application/x-ndjson', 'content-length': String(100 * mebibyte) },
    });
    await waiting(17 + 65);
    expect(await metric('tidings_ingress_waiting_bytes')).toBe(5 * mebibyte);
  });
});

describe('the room of a request is free again', () => {
  it('when its sender has left, before and after its body', async () => {
    const { url, waiting } = await start();
    const without = sendHead(url, '/v1/events', { 'content-length': '1000' });
    const whole = sendHead(url, '/v1/events', { 'content-length': String(event.length) });
    whole.socket.write(event);
    await waiting(2);
    without.socket.destroy();
    await waiting(1);
    whole.socket.destroy();
    await waiting(0);
  });

  it('when the log did not take it in time', async () => {
    const { fill, waiting, expire } = await start();
    const posts = await fill(3);
    await waiting(3);
    expire();
    expect((await Promise.all(posts)).map(({ status }) => status)).toEqual([503, 503, 503]);
    await waiting(0);
  });

  it.each([
    { after: 'an invalid body', body: '{', status: 400 },
    { after: 'an invalid event', body: '{}', status: 422 },
    { after: 'an invalid batch', path: '/v1/events/batch', body: '{}', status: 422 },
    { after: 'another content type', headers: { 'content-type': 'text/plain' }, status: 415 },
    { after: 'a large body', body: `{"type":"a","data":"${'x'.repeat(262_144)}"}`, status: 413 },
    { after: 'an invalid key of idempotency', headers: { 'idempotency-key': 'é' }, status: 400 },
    {
      after: 'an empty stream',
      path: '/v1/events/batch',
      ...{ body: '\n', headers: { 'content-type': 'application/x-ndjson' }, status: 400 },
    },
  ])('after $after', async ({ path = '/v1/events', body = event, headers = {}, status }) => {
    const { post, waiting } = await start();
    expect((await post(path, body, headers)).status).toBe(status);
    await waiting(0);
  });
});
