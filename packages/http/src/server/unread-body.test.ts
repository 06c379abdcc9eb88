import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { Health } from '@tidings/runtime';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createApp, jsonBody, listen, mountRoutes, route } from '../index.ts';

const megabyte = Buffer.alloc(1024 * 1024, 0x20);

async function aServer() {
  const logger = recordingLogger();
  const taking = route({
    operationId: 'takeThing',
    method: 'POST',
    path: '/things',
    idempotency: 'derived',
    access: 'events:write',
    tag: 'Events',
    summary: 'Take a thing',
    body: jsonBody<object>({ schema: { type: 'object' }, maxBytes: 1_000 }),
    responses: { 200: { description: 'Taken.' } },
    handle: async () => ({ status: 200 }),
  });
  const principal = { keyId: 'k', workspaceId: 'w', consumerId: null, scopes: new Set(['admin']) };
  const app = createApp({
    service: 'test',
    logger,
    metrics: createMetrics({}, { service: 'test', nodeMetrics: false }),
    health: new Health(),
    routes: (router) =>
      mountRoutes(router, [taking], { authenticate: (key) => (key === 'good' ? principal : null) }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger });
  onTestFinished(async () => server.close(0));
  return { port: server.port, logger };
}

/** Opens a client that keeps its connection and records what it receives. */
async function aClient(port: number) {
  const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let described = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    described += chunk;
  });
  // A connection that is cut while the client still sends.
  socket.on('error', () => {});
  await once(socket, 'connect');
  return {
    socket,
    described: () => described,
    statuses: () => [...described.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status)),
  };
}

const post = (length: number, ...fields: string[]): string =>
  ['POST /things HTTP/1.1', 'Host: x', `Content-Length: ${length}`, ...fields, '', ''].join('\r\n');
const good = 'Authorization: Bearer good';
const json = 'Content-Type: application/json';
const live = 'GET /live HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a request with a response before its body was read', () => {
  it.each([
    [401, 5 * megabyte.length, [json]],
    [413, 5 * megabyte.length, [good, json]],
    [415, 1_000, [good, 'Content-Type: text/plain']],
    [404, 5 * megabyte.length, [good]],
    [405, 5 * megabyte.length, [good]],
  ])('keeps its connection usable (%i)', async (status, length, fields) => {
    const { port, logger } = await aServer();
    const { socket, statuses } = await aClient(port);
    const line = { 404: 'POST /nowhere', 405: 'PUT /things' }[status] ?? 'POST /things';
    socket.write(post(length, ...fields).replace('POST /things', line));
    await vi.waitFor(() => expect(statuses()).toEqual([status]));
    for (let sent = 0; sent < length; sent += megabyte.length) socket.write(megabyte.subarray(0, length));
    socket.write(live);
    await vi.waitFor(() => expect(statuses()).toEqual([status, 200]));
    expect(logger.lines.filter(({ event }) => event === 'http.body-cut')).toEqual([]);
  });

  it('receives `connection: close` when the body exceeds the discard limit', async () => {
    const { port } = await aServer();
    const { described, socket, statuses } = await aClient(port);
    socket.write(post(9 * megabyte.length, good, json));
    await once(socket, 'end');
    expect(statuses()).toEqual([413]);
    expect(described()).toMatch(/\r\nconnection: close\r\n/i);
    expect(described()).toContain('"code":"payload-too-large"');
  });

  it('receives the whole response when it requests `connection: close` and still sends', async () => {
    const { port } = await aServer();
    const { described, socket } = await aClient(port);
    const failed = vi.fn();
    socket.on('error', failed);
    socket.write(post(3 * megabyte.length, json, 'Connection: close'));
    await vi.waitFor(() => expect(described()).toContain('"code":"unauthorized"'));
    for (let count = 0; count < 3; count += 1) socket.write(megabyte);
    socket.end();
    await once(socket, 'close');
    expect(failed).not.toHaveBeenCalled();
    expect(described().match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
  });

  it('is cut when the rest does not arrive, which is logged without the query', async () => {
    const { port, logger } = await aServer();
    const { socket, statuses } = await aClient(port);
    socket.write(post(1_000, json).replace('/things', '/things?secret=1'));
    await once(socket, 'end');
    expect(statuses()).toEqual([401]);
    expect(logger.lines.filter(({ level }) => level !== 'debug')).toMatchObject([
      { level: 'info', event: 'http.body-cut', fields: { method: 'POST', path: '/things' } },
    ]);
  });

  it('receives no second response when the client disconnects during the rest', async () => {
    const { port } = await aServer();
    const { socket, described, statuses } = await aClient(port);
    socket.write(post(1_000, json));
    await vi.waitFor(() => expect(statuses()).toEqual([401]));
    socket.end('some');
    await once(socket, 'close');
    expect(described().match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
  });
});

describe('Expect: 100-continue', () => {
  it('is answered with 100 only when the body is needed', async () => {
    const { port } = await aServer();
    const { socket, statuses } = await aClient(port);
    socket.write(post(2, good, json, 'Expect: 100-continue'));
    await vi.waitFor(() => expect(statuses()).toEqual([100]));
    socket.write('{}');
    await vi.waitFor(() => expect(statuses()).toEqual([100, 200]));
    socket.write(live);
    await vi.waitFor(() => expect(statuses()).toEqual([100, 200, 200]));
  });

  it('is answered with the refusal before the body, and ends the connection', async () => {
    const { port } = await aServer();
    const { socket, described, statuses } = await aClient(port);
    socket.write(post(2, json, 'Expect: 100-continue'));
    await once(socket, 'end');
    expect(statuses()).toEqual([401]);
    expect(described()).toMatch(/\r\nconnection: close\r\n/i);
  });
});

describe('bytes that are not HTTP', () => {
  it('receive a whole response although more bytes follow', async () => {
    const { port } = await aServer();
    const { socket, described } = await aClient(port);
    const failed = vi.fn();
    socket.on('error', failed);
    socket.write(`NONSENSE\r\n\r\n`);
    await vi.waitFor(() => expect(described()).toContain('"code":"invalid-request"'));
    for (let count = 0; count < 3; count += 1) socket.write(megabyte);
    socket.end();
    await once(socket, 'close');
    expect(failed).not.toHaveBeenCalled();
    expect(described().match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
  });
});
