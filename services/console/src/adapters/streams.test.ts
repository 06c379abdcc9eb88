import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { aConsole, aService } from '../../test/a-console.ts';

const path = '/v1/webhooks/stream';

const streaming: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('event: ready\n\n');
};

async function open(url: string): Promise<AsyncIterator<string>> {
  const response = await fetch(`${url}${path}`);
  return response.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]() as AsyncIterator<string>;
}

/** Starts a service that accepts WebSockets and echoes what it receives. */
async function anEchoingService() {
  const requests: IncomingMessage[] = [];
  const server = createServer((_request, response) => response.writeHead(401).end('no'));
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket: Socket, head) => {
    requests.push(request);
    if (request.url?.includes('refuse') === true) {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nx-own: a\r\n\r\nno');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data: Buffer) => client.send(data.toString()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function aSocket(url: string): WebSocket {
  const client = new WebSocket(`${url.replace('http', 'ws')}`, { headers: { authorization: 'Bearer k' } });
  client.on('error', () => {});
  onTestFinished(() => client.terminate());
  return client;
}

describe('server-sent events', () => {
  it('pass without buffering, and outlive the time-out of other responses', async () => {
    const history = await aService((request, response) => {
      streaming(request, response);
      // Longer than the time-out.
      setTimeout(() => response.write('event: heartbeat\n\n'), 1_500);
    });
    const { url } = await aConsole({ history }, { CONSOLE_UPSTREAM_TIMEOUT: '1s' });
    const frames = await open(url);
    expect(await frames.next()).toMatchObject({ value: 'event: ready\n\n' });
    expect(await frames.next()).toMatchObject({ value: 'event: heartbeat\n\n' });
  });

  it('leave the connections of other requests to them', async () => {
    const history = await aService((request, response) => {
      if (request.url === path) streaming(request, response);
      else response.end('other');
    });
    const { url } = await aConsole({ history });
    const streams = await Promise.all(Array.from({ length: 300 }, async () => open(url)));
    for (const frames of streams) expect(await frames.next()).toMatchObject({ done: false });
    expect(await (await fetch(`${url}/v1/webhooks/deliveries`)).text()).toBe('other');
  });

  it('end when the console stops, without an error', async () => {
    let isCut = false;
    const history = await aService((request, response) => {
      streaming(request, response);
      request.socket.once('close', () => {
        isCut = true;
      });
    });
    const { url, context } = await aConsole({ history });
    const frames = await open(url);
    await frames.next();
    const beganMs = performance.now();
    await context.resources.close(10_000);
    expect(await frames.next()).toMatchObject({ done: true });
    // Not only at the deadline of other responses.
    expect(performance.now() - beganMs).toBeLessThan(9_000);
    await expect.poll(() => isCut).toBe(true);
  });

  it('end at the service when their client leaves', async () => {
    let left = 0;
    const history = await aService((request, response) => {
      streaming(request, response);
      request.socket.once('close', () => {
        left += 1;
      });
    });
    const { url } = await aConsole({ history });
    const frames = await open(url);
    await frames.next();
    await frames.return?.();
    await expect.poll(() => left).toBe(1);
  });
});

describe('a WebSocket', () => {
  it('is forwarded with the fields of the client and its address', async () => {
    const { url: history, requests } = await anEchoingService();
    const { url } = await aConsole({ history });
    const client = aSocket(`${url}${path}?types=a`);
    await once(client, 'open');
    client.send('hello');
    const [data] = (await once(client, 'message')) as [Buffer];
    expect(data.toString()).toBe('hello');
    expect(requests[0]?.url).toBe(`${path}?types=a`);
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer k', 'x-forwarded-for': '127.0.0.1' });
  });

  it('is refused with the response of the service, or that of the console', async () => {
    const { url: history } = await anEchoingService();
    const { url } = await aConsole({ history });
    for (const [target, status] of [
      [`${path}?refuse`, 401],
      ['/v1/webhooks/subscriptions', 503],
      ['/v1/nothing', 404],
    ] as const) {
      const [, response] = (await once(aSocket(`${url}${target}`), 'unexpected-response')) as [
        unknown,
        IncomingMessage,
      ];
      expect(response.statusCode).toBe(status);
    }
  });

  it('closes when the console stops', async () => {
    const { url: history } = await anEchoingService();
    const { url, context } = await aConsole({ history });
    const client = aSocket(`${url}${path}`);
    await once(client, 'open');
    const closed = once(client, 'close');
    await context.resources.close(10_000);
    await closed;
  });
});
