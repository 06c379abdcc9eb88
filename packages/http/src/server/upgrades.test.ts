import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createMetrics, silentLogger } from '@tidings/observability';
import { Health } from '@tidings/runtime';
import { eventually, exchange } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { jsonBody } from '../routing/body.ts';
import { mountRoutes } from '../routing/mount-routes.ts';
import type { Principal } from '../routing/principal.ts';
import { route } from '../routing/route.ts';
import { acceptWebSocket, isWebSocketRequest, type WebSocketConnection } from '../streaming/web-socket.ts';
import { createApp } from './create-app.ts';
import { listen } from './listen.ts';

const principal: Principal = { keyId: 'k', workspaceId: 'w', consumerId: null, scopes: new Set(['admin']) };

async function aServer(beforeAccept = async (_socket: Socket): Promise<void> => {}) {
  const accepted: WebSocketConnection[] = [];
  const refused: unknown[] = [];
  const metrics = createMetrics({}, { service: 'test', nodeMetrics: false });
  const streaming = route({
    ...{ operationId: 'openThing', method: 'GET', path: '/v1/thing', access: 'deliveries:read' },
    ...{ tag: 'Stream', summary: 'Open it', responses: { 200: { description: 'It.' } } },
    handle: async ({ request }) => {
      if (!isWebSocketRequest(request)) return { status: 200, body: { plain: true } };
      await beforeAccept(request.socket);
      try {
        accepted.push(await acceptWebSocket(request));
      } catch (error) {
        refused.push(error);
        throw error;
      }
      return undefined;
    },
  });
  const taking = route({
    ...{ operationId: 'takeThing', method: 'POST', path: '/v1/thing', access: 'deliveries:read' },
    ...{ tag: 'Stream', summary: 'Take it', idempotency: 'read-only' },
    responses: { 200: { description: 'It.' } },
    body: jsonBody<object>({ schema: { type: 'object' }, maxBytes: 1_000 }),
    handle: async ({ body }) => ({ status: 200, body: { taken: body } }),
  });
  const app = createApp({
    ...{ service: 'test', logger: silentLogger, metrics, health: new Health() },
    routes: (router) =>
      mountRoutes(router, [streaming, taking], {
        authenticate: (key) => (key === 'good' ? principal : null),
      }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(0));
  return { ...server, accepted, refused, metrics };
}

const head = (line: string, ...fields: string[]) =>
  [`${line} HTTP/1.1`, 'Host: x', 'Authorization: Bearer good', ...fields, '', ''].join('\r\n');
const handshake = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

function aClient(url: string, authorization = 'Bearer good'): WebSocket {
  const client = new WebSocket(`${url.replace('http', 'ws')}/v1/thing`, { headers: { authorization } });
  onTestFinished(() => client.terminate());
  return client;
}

describe('a request for a WebSocket', () => {
  it('is checked like any other, and then opens one', async () => {
    const { url, accepted, metrics } = await aServer();
    const client = aClient(url);
    const texts: string[] = [];
    client.on('message', (data: Buffer) => texts.push(data.toString()));
    await once(client, 'open');
    accepted[0]?.send(['one', 'two']);
    const [last] = (await once(client, 'message')) as [Buffer];
    expect(last.toString()).toBe('one');
    expect(accepted[0]?.isClosed()).toBe(false);
    // What it says is not read, nor kept.
    client.send('x'.repeat(1_000));
    accepted[0]?.close({ code: 1012, reason: 'stopping', graceMs: 1_000 });
    const [code, reason] = (await once(client, 'close')) as [number, Buffer];
    expect([code, reason.toString(), texts]).toEqual([1012, 'stopping', ['one', 'two']]);
    expect(await metrics.text()).toContain('tidings_http_open_requests{service="test"} 0');
  });

  it('is closed if it sends large messages', async () => {
    const { url, accepted } = await aServer();
    const client = aClient(url);
    await once(client, 'open');
    client.send('x'.repeat(2_000));
    const [code] = (await once(client, 'close')) as [number];
    expect(code).toBe(1009);
    await new Promise<void>((resolve) => accepted[0]?.onClosed(resolve));
  });

  it.each([
    [401, head('GET /v1/thing', ...handshake, key).replace('good', 'bad')],
    [404, head('GET /v1/nothing', ...handshake, key)],
    [400, head('GET /v1/thing?x=1&x', ...handshake, 'Sec-WebSocket-Key: short')],
    [400, head('GET /v1/thing', ...handshake.slice(0, 2), 'Sec-WebSocket-Version: 8', key)],
    [400, head('GET /v1/thing', ...handshake, key).replace('Host: x\r\n', '')],
    [400, head('GET /v1/thing', ...handshake, key, 'Sec-WebSocket-Protocol: a,,b')],
    [400, head('GET /v1/thing', ...handshake, key, 'Sec-WebSocket-Protocol: a, a')],
  ])('is refused with a problem: %i', async (status, text) => {
    const { port } = await aServer();
    const answer = await exchange(port, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*application/problem\\+json`));
    expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n');
  });

  it.each(['end', 'close'])('is refused if its connection has ended before: %s', async (ending) => {
    const { port, refused, metrics } = await aServer(async (socket) => {
      const ended = new Promise<void>((resolve) => socket.once(ending, resolve));
      if (ending === 'end') client.end();
      else client.resetAndDestroy();
      await ended;
    });
    const client = connect(port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    client.on('error', () => {});
    client.write(head('GET /v1/thing', ...handshake, key));
    await eventually(() => expect(refused).toHaveLength(1));
    expect(refused[0]).toMatchObject({ code: 'closed' });
    await eventually(async () =>
      expect(await metrics.text()).toContain('tidings_http_open_requests{service="test"} 0'),
    );
  });

  it('does not keep the server open when it closes', async () => {
    const server = await aServer();
    const client = aClient(server.url);
    await once(client, 'open');
    const closed = once(client, 'close');
    await server.close(2_000);
    await closed;
  });
});

describe('any other offer of an upgrade', () => {
  const h2c = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];

  const json = ['Content-Type: application/json', 'Content-Length: 7'];

  it.each([
    [head('GET /v1/thing', ...h2c), '{"plain":true}'],
    [`${head('POST /v1/thing', ...h2c, ...json)}{"a":1}`, '{"taken":{"a":1}}'],
    [`${head('POST /v1/thing', ...handshake, ...json)}{"a":1}`, '{"taken":{"a":1}}'],
  ])('is ignored, and the connection goes on: %j', async (request, expected) => {
    const { port } = await aServer();
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    let told = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      told += chunk;
    });
    socket.write(request);
    await expect.poll(() => told).toContain(expected);
    told = '';
    socket.write(head('GET /v1/thing'));
    await expect.poll(() => told).toContain('{"plain":true}');
  });
});
