import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fakeClock } from '@tidings/runtime/testing';
import { eventually } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { aConsole, aService } from '../../test/a-console.ts';

/** Starts an instance that answers with its name, or as `listener` does, and is ready until `setReady`. */
async function anInstance(name: string, listener?: RequestListener) {
  let asked = 0;
  let isReady = true;
  const server = createServer((request, response) => {
    if (request.url === '/ready') {
      asked += 1;
      response.writeHead(isReady ? 200 : 503).end(JSON.stringify({ ready: isReady, parts: [] }));
      return;
    }
    if (listener !== undefined) return listener(request, response);
    void text(request).then((body) => response.end(`${name} ${body}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(async () => (server.listening ? stop() : undefined));
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    setReady: (ready: boolean) => (isReady = ready),
    stop,
  };
}

const publish = async (url: string, body = '{}') => fetch(`${url}/v1/events`, { method: 'POST', body });

/** The instances that answer the next `count` requests. */
async function answering(url: string, count: number): Promise<ReadonlySet<string | undefined>> {
  const texts: string[] = [];
  for (let sent = 0; sent < count; sent += 1) texts.push(await (await publish(url)).text());
  return new Set(texts.map((answer) => answer.split(' ')[0]));
}

const refusing = 'http://127.0.0.1:1';

describe('the console before several instances of a service', () => {
  it('sends requests to each', async () => {
    const [a, b] = [await anInstance('a'), await anInstance('b')];
    const { url } = await aConsole({ ingress: `${a.url},${b.url}` });
    expect(await answering(url, 8)).toEqual(new Set(['a', 'b']));
  });

  it('sends a request that an instance refuses the connection of to another, with its body', async () => {
    const [a, b] = [await anInstance('a'), await anInstance('b')];
    // It looks at the instances once, at its start, and finds both ready.
    const { url, context } = await aConsole({ ingress: `${a.url},${b.url}` }, {}, fakeClock());
    await eventually(() => expect([a.asked(), b.asked()]).toEqual([1, 1]));
    await b.stop();
    const body = 'x'.repeat(300_000);
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => (await publish(url, body)).text()),
    );
    expect(new Set(answers)).toEqual(new Set([`a ${body}`]));
    expect(await context.metrics.text()).toMatch(
      /repeated_requests_total\{[^}]*target="ingress"[^}]*\} [1-9]/,
    );
  });

  it('sends nothing to one that is not ready, until it is ready again', async () => {
    const [a, b] = [await anInstance('a'), await anInstance('b')];
    const { url, logger } = await aConsole({ ingress: `${a.url},${b.url}` });
    a.setReady(false);
    const said = (line: string) => logger.lines.some(({ event }) => event === line);
    await eventually(() => expect(said('instance.out')).toBe(true));
    expect(await answering(url, 6)).toEqual(new Set(['b']));
    a.setReady(true);
    await eventually(() => expect(said('instance.back')).toBe(true));
    expect(await answering(url, 8)).toEqual(new Set(['a', 'b']));
  });

  it('looks at one that closes its connections at once, and finds that it stops', async () => {
    const a = await anInstance(
      'a',
      (_request, response) => void response.setHeader('connection', 'close').end('a '),
    );
    const b = await anInstance('b');
    const { url, context } = await aConsole({ ingress: `${a.url},${b.url}` });
    const isOut = /instances_out\{[^}]*target="ingress"[^}]*\} 1/;
    a.setReady(false);
    await eventually(async () => {
      await publish(url);
      expect(await context.metrics.text()).toMatch(isOut);
    });
    expect(await answering(url, 6)).toEqual(new Set(['b']));
  });

  it('uses all when none is ready: each says what is wrong itself', async () => {
    const busy: RequestListener = (_request, response) => void response.writeHead(503).end('wait');
    const [a, b] = [await anInstance('a', busy), await anInstance('b', busy)];
    const { url, context } = await aConsole({ ingress: `${a.url},${b.url}` });
    for (const one of [a, b]) one.setReady(false);
    await eventually(async () => expect(await context.metrics.text()).toMatch(/instances_out\{[^}]*\} 2/));
    const response = await publish(url);
    expect([response.status, await response.text()]).toEqual([503, 'wait']);
  });

  it('repeats a request that only reads when the connection breaks, and no other', async () => {
    const breaking: RequestListener = (request) => void request.socket.destroy();
    const reached: string[] = [];
    const recording: RequestListener = (request, response) => {
      reached.push(`${request.method}`);
      if (request.url === '/ready') response.end('{"ready":true,"parts":[]}');
      else breaking(request, response);
    };
    const [a, b] = [await aService(recording), await anInstance('b')];
    const history = `${a},${b.url}`;
    const { url } = await aConsole({ history });
    const read = async () => (await fetch(`${url}/v1/webhooks/deliveries`)).text();
    expect(await Promise.all(Array.from({ length: 6 }, read))).toEqual(Array.from({ length: 6 }, () => 'b '));
    const { url: other } = await aConsole({ ingress: `${a},${a.replace('127.0.0.1', 'localhost')}` });
    const writes = reached.length;
    expect((await publish(other)).status).toBe(503);
    expect(reached.slice(writes).filter((method) => method === 'POST')).toEqual(['POST']);
  });

  it('says that none answers when no instance takes a request', async () => {
    const { url } = await aConsole({ ingress: `${refusing},http://127.0.0.1:2` });
    const response = await publish(url);
    expect([response.status, (await response.json()) as unknown]).toMatchObject([
      503,
      { code: 'unavailable' },
    ]);
  });

  it('opens a WebSocket at another instance when one refuses', async () => {
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    sockets.on('connection', (client) =>
      client.on('message', (data: Buffer) => client.send(data.toString())),
    );
    await once(sockets, 'listening');
    onTestFinished(() => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    });
    const { port } = sockets.address() as AddressInfo;
    const { url } = await aConsole({ history: `${refusing},http://127.0.0.1:${port}` });
    for (let tries = 0; tries < 3; tries += 1) {
      const client = new WebSocket(`${url.replace('http', 'ws')}/v1/webhooks/stream`);
      onTestFinished(() => client.terminate());
      await once(client, 'open');
      client.send('echo');
      expect(String((await once(client, 'message'))[0])).toBe('echo');
    }
  });

  it('shows the state of each to operators', async () => {
    const a = await anInstance('a');
    const { operatorUrl } = await aConsole({ ingress: `${a.url},${refusing}` });
    const { services } = (await (await fetch(`${operatorUrl}/status`)).json()) as {
      services: readonly Readonly<{ name: string; state: string }>[];
    };
    expect(services.slice(0, 2).map(({ name, state }) => [name, state])).toEqual([
      ['ingress-1', 'ready'],
      ['ingress-2', 'unreachable'],
    ]);
    const page = await (await fetch(operatorUrl)).text();
    expect(page).toContain('<b class="ready">ingress</b>');
    expect(page).toContain('Not ready: ingress-2');
  });
});
