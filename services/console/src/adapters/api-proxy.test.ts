import { once } from 'node:events';
import { connect } from 'node:net';
import {
  addressOf,
  createApp,
  jsonBody,
  listen,
  mountRoutes,
  type Principal,
  type Route,
  route,
} from '@tidings/http';
import { createMetrics, silentLogger } from '@tidings/observability';
import { Health } from '@tidings/runtime';
import { exchange, malformedRequests } from '@tidings/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { aConsole, aService, type TestConsole } from '../../test/a-console.ts';

const megabyte = Buffer.alloc(1024 * 1024, 0x20);
const principal: Principal = { keyId: 'k', workspaceId: 'w', consumerId: null, scopes: new Set(['admin']) };

const taking: Route = route({
  operationId: 'publishEvent',
  method: 'POST',
  path: '/v1/events',
  access: 'events:write',
  tag: 'Events',
  summary: 'Publish an event',
  idempotency: 'derived',
  body: jsonBody<object>({ schema: { type: 'object' }, maxBytes: 1_000 }),
  responses: { 202: { description: 'Accepted.' } },
  handle: async ({ request, idempotencyKey }) => ({
    status: 202,
    body: { address: addressOf(request), fields: request.rawHeaders, idempotencyKey },
  }),
});

/** Starts a service with the standard server, checks and limits. */
async function anIngress() {
  const app = createApp({
    service: 'ingress',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'ingress', nodeMetrics: false }),
    health: new Health(),
    trustedProxies: ['loopback'],
    routes: (router) =>
      mountRoutes(router, [taking], { authenticate: (key) => (key === 'good' ? principal : null) }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(0));
  return server;
}

/** Opens a client that keeps its connection and records the responses on it. */
async function aClient({ port }: Pick<TestConsole, 'port'>) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let told = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    told += chunk;
  });
  await once(socket, 'connect');
  const statuses = () => [...told.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  return { socket, told: () => told, statuses };
}

const post = (line: string, length: number, ...fields: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: x', `Content-Length: ${length}`, ...fields, '', ''].join('\r\n');
const good = 'Authorization: Bearer good';
const json = 'Content-Type: application/json';
const whole = `${post('POST /v1/events', 2, good, json)}{}`;
const told = ({ logger }: TestConsole) => logger.lines.filter(({ level }) => level !== 'debug');

describe('a refusal of ingress under overload', () => {
  it.each([429, 503])('passes as it is, with Retry-After: %i', async (status) => {
    const text = '{"code":"unavailable","detail":"64 requests are in progress"}';
    const ingress = await aService((_request, response) => {
      response
        .writeHead(status, { 'retry-after': '3', 'content-type': 'application/problem+json' })
        .end(text);
    });
    const { url } = await aConsole({ ingress });
    const response = await fetch(`${url}/v1/events`, { method: 'POST', body: '{}' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, '3']);
    expect(await response.text()).toBe(text);
  });

  it('is not delayed by a queue: ingress has all requests, and those beyond the maximum get 503 at once', async () => {
    const waiting: (() => void)[] = [];
    const ingress = await aService((_request, response) => {
      waiting.push(() => void response.writeHead(202).end());
    });
    const console = await aConsole({ ingress }, { CONSOLE_MAX_INGRESS_REQUESTS: '300' });
    const publish = async (): Promise<Response> =>
      fetch(`${console.url}/v1/events`, { method: 'POST', body: '{}' });
    // More than the connections that other services get.
    const posts = Array.from({ length: 300 }, publish);
    await vi.waitFor(() => expect(waiting).toHaveLength(300), 10_000);
    const refused = await publish();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await refused.json()).toMatchObject({
      code: 'unavailable',
      detail: expect.stringMatching(/^300 /) as string,
    });
    expect(told(console)).toEqual([]);
    for (const end of waiting.splice(0)) end();
    expect((await Promise.all(posts)).every(({ status }) => status === 202)).toBe(true);
    const next = publish();
    await vi.waitFor(() => expect(waiting).toHaveLength(1), 10_000);
    waiting[0]?.();
    expect((await next).status).toBe(202);
  });
});

describe('a response that precedes the body', () => {
  it.each([
    { status: 413, line: 'POST /v1/events', length: 5 * megabyte.length, fields: [good, json] },
    { status: 401, line: 'POST /v1/events', length: 5 * megabyte.length, fields: [json] },
    { status: 415, line: 'POST /v1/events', length: 1_000, fields: [good, 'Content-Type: text/plain'] },
    { status: 405, line: 'PUT /v1/events', length: 5 * megabyte.length, fields: [good, json] },
  ])('keeps the connection of the client usable, and is logged: $status', async (refused) => {
    const { status, line, length, fields } = refused;
    const ingress = await anIngress();
    const console = await aConsole({ ingress: ingress.url });
    const { socket, statuses } = await aClient(console);
    socket.write(post(line, length, ...fields));
    await vi.waitFor(() => expect(statuses()).toEqual([status]));
    for (let sent = 0; sent < length; sent += megabyte.length) socket.write(megabyte.subarray(0, length));
    socket.write(whole);
    await vi.waitFor(() => expect(statuses()).toEqual([status, 202]));
    expect(told(console)).toMatchObject([
      {
        level: 'info',
        event: 'proxy.response-early',
        fields: { target: 'ingress', path: '/v1/events', status },
      },
    ]);
  });

  it('keeps it usable eight times in a row while the client sends at full speed', async () => {
    const ingress = await anIngress();
    const { socket, statuses } = await aClient(await aConsole({ ingress: ingress.url }));
    for (let turn = 1; turn <= 8; turn += 1) {
      socket.write(post('POST /v1/events', 5 * megabyte.length, good, json));
      for (let sent = 0; sent < 5; sent += 1) socket.write(megabyte);
      socket.write(whole);
      const expected = Array.from({ length: turn }, () => [413, 202]).flat();
      await vi.waitFor(() => expect(statuses()).toEqual(expected), 5_000);
    }
  });

  it.each([
    [404, 'POST /v1/nothing'],
    [503, 'POST /v1/webhooks/subscriptions'],
  ])('keeps it usable when the console itself responds: %i', async (status, line) => {
    const ingress = await anIngress();
    const { socket, statuses } = await aClient(await aConsole({ ingress: ingress.url }));
    socket.write(post(line, 5 * megabyte.length, good, json));
    await vi.waitFor(() => expect(statuses()).toEqual([status]));
    for (let sent = 0; sent < 5; sent += 1) socket.write(megabyte);
    socket.write(whole);
    await vi.waitFor(() => expect(statuses()).toEqual([status, 202]));
  });

  it('ends the connection with `connection: close` when the body exceeds the discard limit', async () => {
    const ingress = await anIngress();
    const client = await aClient(await aConsole({ ingress: ingress.url }));
    client.socket.write(post('POST /v1/events', 9 * megabyte.length, good, json));
    await once(client.socket, 'end');
    expect(client.statuses()).toEqual([413]);
    expect(client.told()).toMatch(/\r\nconnection: close\r\n/i);
  });

  it('cuts the connection of the client when a service aborts its response, and is logged', async () => {
    const ingress = await aService((_request, response) => {
      response.writeHead(413, { 'content-length': 100 });
      response.write('half', () => response.socket?.destroy());
    });
    const console = await aConsole({ ingress });
    const client = await aClient(console);
    client.socket.write(post('POST /v1/events', megabyte.length, good, json));
    await once(client.socket, 'end');
    expect(client.told()).toMatch(/half$/);
    expect(told(console)).toMatchObject([{ level: 'warn', event: 'proxy.response-broken' }]);
  });
});

describe('Expect: 100-continue', () => {
  it('is passed on, so that the service decides if it needs the body', async () => {
    const ingress = await anIngress();
    const console = await aConsole({ ingress: ingress.url });
    const wanted = await aClient(console);
    wanted.socket.write(post('POST /v1/events', 2, good, json, 'Expect: 100-continue'));
    await vi.waitFor(() => expect(wanted.statuses()).toEqual([100]));
    wanted.socket.write('{}');
    await vi.waitFor(() => expect(wanted.statuses()).toEqual([100, 202]));
    wanted.socket.write(whole);
    await vi.waitFor(() => expect(wanted.statuses()).toEqual([100, 202, 202]));
    const refused = await aClient(console);
    refused.socket.write(post('POST /v1/events', 2, json, 'Expect: 100-continue'));
    await once(refused.socket, 'end');
    expect(refused.statuses()).toEqual([401]);
    expect(refused.told()).toMatch(/\r\nconnection: close\r\n/i);
  });
});

describe('a forwarded request', () => {
  const passed = async (...fields: string[]) => {
    const ingress = await anIngress();
    const { port } = await aConsole({ ingress: ingress.url });
    const answer = await exchange(
      port,
      `${post('POST /v1/events', 2, good, json, ...fields, 'Connection: close')}{}`,
    );
    const [, body = ''] = answer.split('\r\n\r\n');
    return JSON.parse(body) as { address: string; fields: string[]; idempotencyKey: string | null };
  };

  it.each([
    ['X-Forwarded-For: 203.0.113.9'],
    ['X-Forwarded-For: 203.0.113.9', 'x-forwarded-for: 127.0.0.1'],
    ['Forwarded: for=203.0.113.9', 'X-Real-IP: 203.0.113.9'],
    ['Connection: x-forwarded-for', 'X-Forwarded-For: 203.0.113.9'],
  ])('has the address of the connection, not a claimed one: %s', async (...claim) => {
    const { address, fields } = await passed(...claim);
    expect(address).toBe('127.0.0.1');
    expect(fields.filter((text) => /forwarded|real-ip/i.test(text))).toEqual(['x-forwarded-for']);
  });

  it('has the address that a trusted proxy reports', async () => {
    const ingress = await anIngress();
    const { port } = await aConsole({ ingress: ingress.url }, { TRUSTED_PROXIES: 'loopback' });
    const claim = 'X-Forwarded-For: 198.51.100.1, 203.0.113.9';
    const answer = await exchange(
      port,
      `${post('POST /v1/events', 2, good, json, claim, 'Connection: close')}{}`,
    );
    expect(answer).toContain('"address":"203.0.113.9"');
  });

  it('has every header as received, except for those of the connection', async () => {
    const { fields } = await passed(
      'X-Thing: a',
      'x-thing: b',
      'Connection: x-own, Host',
      'X-Own: c',
      'TE: trailers',
    );
    const names = fields.filter((_, at) => at % 2 === 0);
    expect(names.filter((name) => name.toLowerCase() === 'x-thing')).toEqual(['X-Thing', 'x-thing']);
    expect(names.filter((name) => /^(x-own|te)$/i.test(name))).toEqual([]);
    expect(fields).toEqual(expect.arrayContaining(['Host', 'x', 'connection', 'keep-alive']));
  });

  it.each([
    ['POST http://elsewhere/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2', 202],
    ['POST /v1/events HTTP/1.0\r\nExpect: 200-maybe\r\nContent-Length: 2', 202],
    ['POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked', 202],
    ['POST /v1/events HTTP/1.1\r\nHost: x', 400],
    ['POST /v1/Events HTTP/1.1\r\nHost: x\r\nContent-Length: 2', 404],
    ['POST /v1/events/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2', 404],
    ['OPTIONS /v1/events HTTP/1.1\r\nHost: x', 204],
  ])('receives the same response as at the service: %j is %i', async (head, status) => {
    const ingress = await anIngress();
    const { port } = await aConsole({ ingress: ingress.url });
    const body = head.includes('chunked') ? '2\r\n{}\r\n0\r\n\r\n' : head.includes('Length') ? '{}' : '';
    const text = [head, good, json, 'Connection: close', '', body].join('\r\n');
    for (const door of [ingress.port, port]) {
      expect(await exchange(door, text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
  });
});

it('is refused for its form where the services refuse it', async () => {
  const ingress = await anIngress();
  const { port } = await aConsole({ ingress: ingress.url });
  for (const { name, text, status } of malformedRequests) {
    const answer = await exchange(port, text);
    expect(answer, name).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*application/problem\\+json`));
  }
});

it('permits a page of another origin to read what the console responds itself, with one header', async () => {
  const ingress = await anIngress();
  const { url } = await aConsole({ ingress: ingress.url });
  for (const path of ['/v1/events', '/v1/webhooks/subscriptions', '/v1/nothing']) {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { origin: 'https://portal.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  }
});

it('logs nothing about clients that disconnect', async () => {
  const arrived = vi.fn();
  const left = vi.fn();
  const history = await aService((request) => {
    request.socket.once('close', left);
    arrived();
  });
  const console = await aConsole({ history });
  const { socket } = await aClient(console);
  socket.write('GET /v1/webhooks/stats HTTP/1.1\r\nHost: x\r\n\r\n');
  await vi.waitFor(() => expect(arrived).toHaveBeenCalled());
  socket.destroy();
  await vi.waitFor(() => expect(left).toHaveBeenCalled());
  expect(told(console)).toEqual([]);
});
