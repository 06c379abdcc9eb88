import { createMetrics, silentLogger } from '@tidings/observability';
import { Health } from '@tidings/runtime';
import { exchange, malformedRequests } from '@tidings/testing';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createApp, type Listening, listen, mountRoutes, route } from '../index.ts';

async function aServer(): Promise<Listening> {
  const reading = route({
    operationId: 'readEvents',
    method: 'GET',
    path: '/v1/events',
    access: { public: 'it is a test' },
    tag: 'Events',
    summary: 'Read events',
    responses: { 200: { description: 'What was asked for.', schema: { type: 'object' } } },
    handle: async ({ request }) => ({ status: 200, body: { url: request.url } }),
  });
  const app = createApp({
    service: 'test',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'test', nodeMetrics: false }),
    health: new Health(),
    routes: (router) => mountRoutes(router, [reading], { authenticate: () => null }),
  });
  return listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
}

describe('a request that is refused for its form', () => {
  let server: Listening;
  beforeAll(async () => {
    server = await aServer();
    return async () => server.close(0);
  });

  it.each(malformedRequests)('$name: $status', async ({ text, status }) => {
    const [head = '', body = ''] = (await exchange(server.port, text)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/\r\ncontent-type: application\/problem\+json/i);
    expect(head).toMatch(/\r\nx-request-id: [0-9a-f]{32}\r\n/i);
    expect(JSON.parse(body)).toMatchObject({ status, code: expect.any(String) as string });
  });
});

describe('a request in an unusual form', () => {
  it.each([
    ['GET http://x/v1/events?a=b HTTP/1.1\r\nHost: y', 200, '/v1/events?a=b'],
    ['GET HTTPS://[::1]:8/v1/events HTTP/1.1\r\nHost: y', 200, '/v1/events'],
    ['GET http://x?a HTTP/1.1\r\nHost: y', 404, '/'],
    ['GET /v1/events HTTP/1.1\r\nHost:', 200, '/v1/events'],
    ['GET /v1/events HTTP/1.1\r\nHost: [::1]:80', 200, '/v1/events'],
    ['GET /v1/events HTTP/1.0', 200, '/v1/events'],
    ['GET /v1/events HTTP/1.0\r\nExpect: 200-maybe', 200, '/v1/events'],
    ['GET /v1/events HTTP/1.1\r\nHost: x\r\nIf-Match: "1"\r\nIf-Match: "2"', 200, '/v1/events'],
    ['GET /v1/events HTTP/1.1\r\nHost: x\r\nUpgrade: websocket', 200, '/v1/events'],
    ['GET /v1/Events HTTP/1.1\r\nHost: x', 404, '/v1/Events'],
    ['GET /v1/events/ HTTP/1.1\r\nHost: x', 404, '/v1/events/'],
    ['GET /v1/%65vents HTTP/1.1\r\nHost: x', 404, '/v1/%65vents'],
    ['GET //v1/events HTTP/1.1\r\nHost: x', 404, '//v1/events'],
    ['GET /v1/x/../events HTTP/1.1\r\nHost: x', 404, '/v1/x/../events'],
    ['OPTIONS * HTTP/1.1\r\nHost: x', 204, ''],
  ])('%j is %i', async (head, status, shown) => {
    const server = await aServer();
    onTestFinished(async () => server.close(0));
    const answer = await exchange(server.port, `${head}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(shown);
  });
});
