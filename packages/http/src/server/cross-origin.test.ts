import { createMetrics, silentLogger } from '@tidings/observability';
import { Health } from '@tidings/runtime';
import { expect, it, onTestFinished } from 'vitest';
import { createApp, listen, mountRoutes, route } from '../index.ts';

const origin = 'https://portal.example';

async function aServer() {
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
  return async (path: string, init: RequestInit = {}) => fetch(server.url + path, init);
}

it.each([
  ['/v1/things', 'good', 200],
  ['/v1/things', 'bad', 401],
  ['/v1/nothing', 'good', 404],
])('lets a page of any origin read the answer of %s with a %s key: %i', async (path, key, status) => {
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

it('answers the preflight of a request with a key, which has none itself', async () => {
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
    'traceparent',
    'tracestate',
  ]);
  expect(response.headers.get('access-control-max-age')).toBe('7200');
});

it('says nothing of origins to who has none, nor outside of the API', async () => {
  const call = await aServer();
  const plain = await call('/v1/things', { headers: { authorization: 'Bearer good' } });
  const outside = await call('/metrics', { headers: { origin } });
  const options = await call('/v1/things', { method: 'OPTIONS' });
  for (const { headers } of [plain, outside, options]) {
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});

it('lets caches tell the descriptions for pages of other origins apart', async () => {
  const call = await aServer();
  expect((await call('/v1/openapi.json')).headers.get('vary')).toBe('Origin');
});
