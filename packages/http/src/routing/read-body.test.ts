import { once } from 'node:events';
import { connect } from 'node:net';
import { createMetrics, type Logger, silentLogger } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { Health } from '@tidings/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApp, listen, parseJson } from '../index.ts';
import { type BodyLimits, readBody } from './read-body.ts';

async function aServer(limits: BodyLimits, requestTimeoutMs = 30_000, logger: Logger = silentLogger) {
  const metrics = createMetrics({}, { service: 'test', nodeMetrics: false });
  const app = createApp({
    service: 'test',
    logger,
    metrics,
    health: new Health(),
    routes: (router) => {
      router.post('/raw', async (request, response) => {
        response.end((await readBody(request, response, limits)).toString('hex'));
      });
      router.post('/late', async (request, response) => {
        await once(request, 'close').catch(() => {});
        response.end((await readBody(request, response, limits)).toString('hex'));
      });
      router.post('/json', async (request, response) => {
        response.json(parseJson(await readBody(request, response, limits)));
      });
    },
  });
  const server = await listen(app, {
    host: '127.0.0.1',
    port: 0,
    logger: silentLogger,
    requestTimeoutMs,
    headersTimeoutMs: requestTimeoutMs,
    checkIntervalMs: 20,
  });
  onTestFinished(async () => server.close(0));
  return server;
}

const json = { 'content-type': 'application/json' };

async function post(
  url: string,
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string> = json,
): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
}

async function detailOf(response: Response): Promise<unknown> {
  return ((await response.json()) as Record<string, unknown>)['detail'];
}

function chunked(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

describe('readBody', () => {
  it('returns the bytes as received: whole, in chunks, and none', async () => {
    const { url } = await aServer({ maxBytes: 100 });
    const bytes = Buffer.from([0, 0xff, 0x7b, 0x0d, 0x0a, 0x80]);
    expect(await (await post(`${url}/raw`, bytes)).text()).toBe(bytes.toString('hex'));
    expect(await (await post(`${url}/raw`, chunked(bytes, bytes))).text()).toBe(
      bytes.toString('hex').repeat(2),
    );
    expect(await (await post(`${url}/raw`, '')).text()).toBe('');
  });

  it('accepts exactly the limit, and reports both numbers above it', async () => {
    const { url } = await aServer({ maxBytes: 100 });
    expect((await post(`${url}/raw`, Buffer.alloc(100))).status).toBe(200);
    const refused = await post(`${url}/raw`, Buffer.alloc(101));
    expect(refused.status).toBe(413);
    expect(await detailOf(refused)).toBe('The body may have at most 100 bytes, got 101 bytes.');
  });

  it('refuses a body without a length as soon as it exceeds the limit', async () => {
    const { url } = await aServer({ maxBytes: 100 });
    const refused = await post(`${url}/raw`, chunked(Buffer.alloc(60), Buffer.alloc(60)));
    expect(refused.status).toBe(413);
    expect(await detailOf(refused)).toBe('The body may have at most 100 bytes, got more than 100 bytes.');
  });

  it('sends the refusal to a client with a large body, and serves its next request', async () => {
    const { url } = await aServer({ maxBytes: 100 });
    for (let round = 0; round < 3; round += 1) {
      expect((await post(`${url}/raw`, Buffer.alloc(4 * 1024 * 1024))).status).toBe(413);
    }
    expect((await post(`${url}/raw`, 'ok')).status).toBe(200);
  });

  it('does not read an endless body after refusing it', async () => {
    const { port } = await aServer({ maxBytes: 100 });
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve).on('error', () => {}));
    socket.write('POST /raw HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pour);
    pour();
    await closed;
    // 8 MiB are discarded; the content of the sockets' buffers was written too.
    expect(socket.bytesWritten).toBeGreaterThan(8 * 1024 * 1024);
    expect(socket.bytesWritten).toBeLessThan(32 * 1024 * 1024);
  });

  it.each(['gzip', 'br', 'GZIP', 'identity, gzip'])('refuses content-encoding %s', async (encoding) => {
    const { url } = await aServer({ maxBytes: 100 });
    const refused = await post(`${url}/raw`, 'x', { 'content-encoding': encoding });
    expect(refused.status).toBe(415);
    expect(await detailOf(refused)).toContain(`content-encoding '${encoding}' is not supported`);
  });

  it('accepts content-encoding identity', async () => {
    const { url } = await aServer({ maxBytes: 100 });
    expect((await post(`${url}/raw`, 'x', { 'content-encoding': 'identity' })).status).toBe(200);
  });

  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
  ])('accepts content-type %s for JSON', async (type) => {
    const { url } = await aServer({ maxBytes: 100, types: ['application/json'] });
    expect((await post(`${url}/raw`, '{}', { 'content-type': type })).status).toBe(200);
  });

  it.each([
    ['text/plain', "content-type 'text/plain' is not supported: send application/json"],
    ['application/json; charset=utf-16', "'charset=utf-16' is not supported: send UTF-8"],
    ['application/jsonp', "content-type 'application/jsonp' is not supported: send application/json"],
  ])('refuses content-type %s', async (type, detail) => {
    const { url } = await aServer({ maxBytes: 100, types: ['application/json'] });
    const refused = await post(`${url}/raw`, '{}', { 'content-type': type });
    expect(refused.status).toBe(415);
    expect(await detailOf(refused)).toBe(detail);
  });

  it('refuses a body without a content-type where one is required', async () => {
    const { url } = await aServer({ maxBytes: 100, types: ['application/json'] });
    const refused = await post(`${url}/raw`, Buffer.from('{}'), {});
    expect(refused.status).toBe(415);
  });

  it('responds 408 to a body that is slower than the request timeout', async () => {
    const { port } = await aServer({ maxBytes: 100 }, 200);
    const answer = await exchange(port, 'POST /raw HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\nsome');
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('application/problem+json');
  });
});

// Returns everything that the server sends until it closes the connection.
async function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

describe('parseJson', () => {
  it('parses JSON with non-ASCII text', async () => {
    const { url } = await aServer({ maxBytes: 100 });
    expect(await (await post(`${url}/json`, '{"a":[1,null,"ü"]}')).json()).toEqual({ a: [1, null, 'ü'] });
  });

  it.each([
    ['', /^The body is empty/],
    ['{"a":', /^The body is not valid JSON: /],
    ['{"a":1}x', /^The body is not valid JSON: /],
    ["{'a':1}", /^The body is not valid JSON: /],
  ])('refuses %j with 400', async (body, detail) => {
    const { url } = await aServer({ maxBytes: 100 });
    const refused = await post(`${url}/json`, body);
    expect(refused.status).toBe(400);
    expect(await detailOf(refused)).toMatch(detail);
  });

  it('refuses bytes that are not UTF-8', async () => {
    const { url } = await aServer({ maxBytes: 100 });
    const refused = await post(`${url}/json`, Buffer.from([0x22, 0xff, 0x22]));
    expect(refused.status).toBe(400);
    expect(await detailOf(refused)).toBe('The body is not valid UTF-8.');
  });
});

it.each([
  ['ends early', 'raw', 'Content-Length: 100\r\n\r\nhalf'],
  ['ends early, in chunks', 'raw', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ['has ended before it is read', 'late', 'Content-Length: 100\r\n\r\nhalf'],
])('logs a body that %s as a 400, not as a failure', async (_, path, rest) => {
  const logger = recordingLogger();
  const { port } = await aServer({ maxBytes: 1_000 }, 30_000, logger);
  const socket = connect(port, '127.0.0.1');
  socket.write(`POST /${path} HTTP/1.1\r\nHost: x\r\n${rest}`, () => socket.destroy());
  await expect
    .poll(() => logger.lines)
    .toMatchObject([{ level: 'debug', event: 'http.refused', fields: { status: 400 } }]);
});
