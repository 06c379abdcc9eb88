import { eventually, type Receiver, startHostileServer, startReceiver } from '@tidings/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEgress } from '../create-egress.ts';
import {
  aRequest,
  briefly,
  loopbackPolicy,
  openEgress,
  refusingDial,
  settled,
  tableResolver,
} from './egress-under-test.ts';

const startHere = (options: Parameters<typeof startReceiver>[0] = {}): Promise<Receiver> =>
  startReceiver({ cleanUp: onTestFinished, ...options });

describe('the request', () => {
  test('has the body byte for byte, the headers of the caller and those of the egress', async () => {
    const receiver = await startHere();
    const egress = openEgress({ loopId: 'main' });
    const body = Buffer.from([0, 255, 13, 10, 128]);
    await egress.send(aRequest(`${receiver.url}/a/b?c=%20d`, { body, headers: { 'Webhook-Id': 'dlv_1' } }));
    const [request] = receiver.requests;
    expect(request?.body.equals(body)).toBe(true);
    expect(request).toMatchObject({ method: 'POST', path: '/a/b?c=%20d' });
    expect(request?.headers).toEqual({
      host: `127.0.0.1:${receiver.port}`,
      connection: 'keep-alive',
      'accept-encoding': 'identity',
      'tidings-loop': 'main',
      'webhook-id': 'dlv_1',
      'content-length': '5',
    });
  });

  test('may have an empty body and another method', async () => {
    const receiver = await startHere();
    const egress = openEgress();
    await egress.send(aRequest(receiver.url, { method: 'GET', body: Buffer.alloc(0) }));
    await egress.send(aRequest(receiver.url, { body: Buffer.alloc(0) }));
    expect(receiver.requests.map(({ method, body }) => [method, body.length])).toEqual([
      ['GET', 0],
      ['POST', 0],
    ]);
  });

  test('normalises dot segments of stored URLs, although new URLs may not have any', async () => {
    const receiver = await startHere();
    const resolver = tableResolver({ 'hooks.example': ['127.0.0.1'] });
    const egress = openEgress({ resolver });
    const url = `http://hooks.example:${receiver.port}/a/../b`;
    const check = await egress.checkEndpoint(url);
    expect(check.ok ? [] : check.violations.map(({ rule }) => rule)).toContain('dot-segment');
    await egress.send(aRequest(url));
    expect(receiver.requests).toMatchObject([{ path: '/b' }]);
  });

  test.each(['Host', 'content-length', 'Transfer-Encoding', 'CONNECTION', 'Accept-Encoding', 'Tidings-Loop'])(
    'refuses a header %s of the caller and sends nothing',
    async (header) => {
      const { dial, dialled } = refusingDial();
      const egress = openEgress({ dial });
      const outcome = await egress.send(aRequest('http://127.0.0.1:9/', { headers: { [header]: '1' } }));
      expect(outcome).toMatchObject({
        reason: 'protocol',
        detail: expect.stringContaining(header) as string,
      });
      expect(dialled).toEqual([]);
    },
  );

  test.each([{ 'x-a': 'b\r\nhost: c' }, { 'x a': 'b' }])(
    'refuses a header that would split the request: %j',
    async (headers) => {
      const receiver = await startHere();
      const egress = openEgress();
      expect(briefly(await egress.send(aRequest(receiver.url, { headers })))).toBe('protocol');
      expect(receiver.requests).toEqual([]);
      await settled(egress);
    },
  );
});

describe('the response', () => {
  test('may have headers of any name', async () => {
    const server = await startHostileServer({
      behave: (socket) =>
        socket.write(
          'HTTP/1.1 204 X\r\n__proto__: a\r\n__proto__: b\r\nconstructor: c\r\nconnection: close\r\n\r\n',
        ),
      cleanUp: onTestFinished,
    });
    const outcome = await openEgress().send(aRequest(server.url));
    if (outcome.kind !== 'response') throw new Error(`expected a response, got ${outcome.detail}`);
    expect(Object.entries(outcome.headers)).toEqual([
      ['__proto__', ['a', 'b']],
      ['constructor', 'c'],
      ['connection', 'close'],
    ]);
  });

  test('has status, body, and headers in lower case, repeated ones as a list', async () => {
    const server = await startHostileServer({
      behave: (socket) =>
        socket.write(
          'HTTP/1.1 202 Accepted\r\nX-One: 1\r\nX-Two: a\r\nx-two: b\r\ncontent-length: 2\r\n\r\nok',
        ),
      cleanUp: onTestFinished,
    });
    const egress = openEgress();
    const outcome = await egress.send(aRequest(server.url));
    expect(outcome).toMatchObject({
      kind: 'response',
      status: 202,
      headers: { 'x-one': '1', 'x-two': ['a', 'b'] },
      truncated: false,
    });
    expect(outcome.kind === 'response' && outcome.body.toString()).toBe('ok');
  });
});

test('a response that fails has the part of its body that was read', async () => {
  const server = await startHostileServer({ behave: 'close-mid-body', cleanUp: onTestFinished });
  const outcome = await openEgress().send(aRequest(server.url));
  expect(outcome).toMatchObject({ kind: 'failed', status: 200 });
  expect(outcome.kind === 'failed' && outcome.body.toString()).toBe('half');
});

describe('abort and close', () => {
  test('an abort by the caller ends the request as aborted and closes its socket', async () => {
    const receiver = await startHere({ answer: 'hang' });
    const egress = openEgress();
    const controller = new AbortController();
    const sent = egress.send(aRequest(receiver.url, { signal: controller.signal }));
    await receiver.waitFor(1);
    controller.abort();
    expect(await sent).toMatchObject({ kind: 'aborted' });
    await eventually(() => expect(receiver.connections()).toBe(0), { everyMs: 5 });
    expect(await egress.send(aRequest(receiver.url, { signal: controller.signal }))).toMatchObject({
      kind: 'aborted',
    });
    expect(receiver.requests).toHaveLength(1);
  });

  test('close ends running and waiting requests as aborted and leaves nothing open', async () => {
    const receiver = await startHere({ answer: 'hang' });
    const egress = createEgress({ policy: loopbackPolicy, maxSocketsPerOrigin: 2 });
    const sent = Array.from({ length: 5 }, () => egress.send(aRequest(receiver.url, { timeoutMs: 60_000 })));
    await receiver.waitFor(2);
    await egress.close();
    expect((await Promise.all(sent)).map(briefly)).toEqual(Array.from({ length: 5 }, () => 'aborted'));
    expect(egress.stats()).toEqual({ sockets: 0, idle: 0, waiting: 0, origins: 0 });
    await eventually(() => expect(receiver.connections()).toBe(0), { everyMs: 5 });
    expect(await egress.send(aRequest(receiver.url))).toMatchObject({ kind: 'aborted' });
  });

  test('close during a connect leaves nothing open', async () => {
    const receiver = await startHere();
    const egress = createEgress({ policy: loopbackPolicy });
    const sent = egress.send(aRequest(receiver.url));
    const closed = egress.close();
    expect(briefly(await sent)).toBe('aborted');
    await closed;
    await eventually(() => expect(receiver.connections()).toBe(0), { everyMs: 5 });
  });

  test('D25 refuses a listener of this installation, also inside an allowed network', async () => {
    const receiver = await startHere();
    const policy = { ...loopbackPolicy, ownListeners: [{ host: '127.0.0.1', port: receiver.port }] };
    const egress = openEgress({ policy });
    for (const host of ['127.0.0.1', 'localhost']) {
      const url = `http://${host}:${receiver.port}/v1/events`;
      expect(briefly(await egress.send(aRequest(url)))).toBe('blocked-address');
    }
    expect(receiver.requests).toEqual([]);
  });
});
