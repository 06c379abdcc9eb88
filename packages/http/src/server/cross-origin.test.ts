import { createMetrics, silentLogger } from '@tidings/observability';
import { Health } from '@tidings/runtime';
import { exchange } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { createApp, listen, mountRoutes, route } from '../index.ts';

const origin = 'https://portal.example';

async function listenHere() {
  const reading = route({
    operationId: 'readThings',
    method: 'GET',
    path: '/v1/things',
    access: 'events:write',
    tag: 'Events',
    summary: 'Read things',
    responses: { 200: { description: 'Things.' } },
    handle: async () => ({ status: 200, body: {}, headers: { etag: '"1"' } }),
  });
  const principal = { keyId: 'k', workspaceId: 'w', consumerId: null, scopes: new Set(['admin']) };
  const app = createApp({
    service: 'test',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'test', nodeMetrics: false }),
    health: new Health(),
    routes: (router) =>
      mountRoutes(router, [reading], { authenticate: (key) => (key === 'good' ? principal : null) }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(0));
  return server;
}

async function aServer() {
  const { url } = await listenHere();
  return async (path: string, init: RequestInit = {}) => fetch(url + path, init);
}

it.each([
  ['/v1/things', 'good', 200],
  ['/v1/things', 'bad', 401],
  ['/v1/nothing', 'good', 404],
])('permits pages of any origin to read the response of %s with a %s key: %i', async (path, key, status) => {
  const call = await aServer();
  const response = await call(path, { headers: { origin, authorization: `Bearer ${key}` } });
  expect(response.status).toBe(status);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  const exposed = response.headers.get('access-control-expose-headers')?.split(', ');
  expect(exposed).toEqual(
    expect.arrayContaining(['ETag', 'Link', 'RateLimit', 'Retry-After', 'X-Request-Id']),
  );
  expect(response.headers.get('access-control-allow-credentials')).toBeNull();
});

it('answers the preflight of a request with a key without a key', async () => {
  const call = await aServer();
  const headers = {
    origin,
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'authorization,if-match',
  };
  const response = await call('/v1/things', { method: 'OPTIONS', headers });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(response.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
  expect(response.headers.get('access-control-allow-headers')?.split(', ')).toEqual([
    'Authorization',
    'Content-Type',
    'Idempotency-Key',
    'If-Match',
    'Last-Event-ID',
    'traceparent',
    'tracestate',
  ]);
  expect(response.headers.get('access-control-max-age')).toBe('7200');
});

it('sends no CORS headers to requests without an origin, nor outside of the API', async () => {
  const call = await aServer();
  const plain = await call('/v1/things', { headers: { authorization: 'Bearer good' } });
  const outside = await call('/metrics', { headers: { origin } });
  const options = await call('/v1/things', { method: 'OPTIONS' });
  for (const { headers } of [plain, outside, options]) {
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});

it('varies cached descriptions by origin', async () => {
  const call = await aServer();
  expect((await call('/v1/openapi.json')).headers.get('vary')).toBe('Origin');
});

it.each([
  ['two Idempotency-Key fields', 400, 'Host: x\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n'],
  ['two Host fields', 400, 'Host: x\r\nHost: y\r\n'],
  ['more header bytes than the parser takes', 431, `Host: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n`],
])('permits a page to read the refusal of a request with %s: %i', async (_what, status, fields) => {
  const { port } = await listenHere();
  const answer = await exchange(
    port,
    `GET /v1/things HTTP/1.1\r\nOrigin: ${origin}\r\nConnection: close\r\n${fields}\r\n`,
  );
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*access-control-allow-origin: \\*\r\n`, 'i'));
});
