import { Socket } from 'node:net';
import { type Clock, systemClock } from '@tidings/runtime';
import { eventually, type Receiver, startHostileServer, startReceiver } from '@tidings/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEgress } from './create-egress.ts';
import { dialTcp } from './dial-first.ts';
import {
  aRequest,
  briefly,
  closedPolicy,
  loopbackPolicy,
  openEgress,
  refusingDial,
  settled,
  tableResolver,
} from './egress-under-test.ts';

const startHere = (options: Parameters<typeof startReceiver>[0] = {}): Promise<Receiver> =>
  startReceiver({ cleanUp: onTestFinished, ...options });

describe('what is written', () => {
  test('is the body byte for byte, with the caller’s headers and the egress’s own', async () => {
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

  test('an empty body and another method are as good', async () => {
    const receiver = await startHere();
    const egress = openEgress();
    await egress.send(aRequest(receiver.url, { method: 'GET', body: Buffer.alloc(0) }));
    await egress.send(aRequest(receiver.url, { body: Buffer.alloc(0) }));
    expect(receiver.requests.map(({ method, body }) => [method, body.length])).toEqual([
      ['GET', 0],
      ['POST', 0],
    ]);
  });

  test('is a path with dot segments as it was always requested, though none is taken any more', async () => {
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
    'a header %s from outside is refused, and nothing is sent',
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
    'a header that would split the request is refused: %j',
    async (headers) => {
      const receiver = await startHere();
      const egress = openEgress();
      expect(briefly(await egress.send(aRequest(receiver.url, { headers })))).toBe('protocol');
      expect(receiver.requests).toEqual([]);
      await settled(egress);
    },
  );
});

describe('what is read', () => {
  test('fields of any name', async () => {
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
      ['__proto__', 'a, b'],
      ['constructor', 'c'],
      ['connection', 'close'],
    ]);
  });

  test('status, headers in lower case, repeated ones joined, and the body', async () => {
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
      headers: { 'x-one': '1', 'x-two': 'a, b' },
      truncated: false,
    });
    expect(outcome.kind === 'response' && outcome.body.toString()).toBe('ok');
  });
});

describe('sockets', () => {
  test('are kept and used again, up to the cap of their origin', async () => {
    const receiver = await startHere();
    const egress = openEgress({ maxSocketsPerOrigin: 2 });
    await Promise.all(Array.from({ length: 20 }, () => egress.send(aRequest(receiver.url))));
    expect(receiver.requests).toHaveLength(20);
    expect(receiver.connections()).toBe(2);
    expect(egress.stats()).toEqual({ sockets: 2, idle: 2, waiting: 0, origins: 1 });
  });

  test('are shared by neither policy key nor origin', async () => {
    const receiver = await startHere();
    const egress = openEgress();
    for (const policyKey of ['a', 'b', 'a']) await egress.send(aRequest(receiver.url, { policyKey }));
    expect(receiver.connections()).toBe(2);
    await egress.send(aRequest(receiver.url));
    await egress.send(aRequest(receiver.url.replace('127.0.0.1', 'localhost')));
    expect(receiver.connections()).toBe(4);
    expect(egress.stats().origins).toBe(4);
  });

  test('that are idle make room for another origin: the one idle for longest goes first', async () => {
    const receivers = await Promise.all([startHere(), startHere(), startHere()]);
    const [a, b, c] = receivers;
    const egress = openEgress({ maxSockets: 2 });
    await egress.send(aRequest(a.url));
    await egress.send(aRequest(b.url));
    await egress.send(aRequest(a.url));
    expect(briefly(await egress.send(aRequest(c.url)))).toBe('response 204');
    expect(egress.stats()).toMatchObject({ sockets: 2, origins: 2 });
    await eventually(() => expect(receivers.map((one) => one.connections())).toEqual([1, 0, 1]), {
      everyMs: 5,
    });
  });

  test('that are busy make others wait, and the wait is not the endpoint’s time', async () => {
    const slow = await startHere({ answer: { status: 200, delayMs: 300 } });
    const egress = openEgress({ maxSocketsPerOrigin: 1 });
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => egress.send(aRequest(slow.url, { timeoutMs: 1_000 }))),
    );
    expect(outcomes.map(briefly)).toEqual(Array.from({ length: 4 }, () => 'response 200'));
    // Longer than its own deadline: it spent three times 300 ms waiting.
    expect(outcomes[3]?.timings.totalMs).toBeGreaterThan(1_000);
  });

  test('that never become free end a request as aborted, which is no attempt', async () => {
    const receiver = await startHere({ answer: 'hang' });
    const egress = openEgress({ maxSockets: 1 });
    const first = egress.send(aRequest(receiver.url, { timeoutMs: 400 }));
    const second = await egress.send(aRequest(receiver.url, { timeoutMs: 50 }));
    expect(second).toMatchObject({
      kind: 'aborted',
      detail: expect.stringContaining('no socket') as string,
    });
    expect(briefly(await first)).toBe('timeout');
    expect(receiver.requests).toHaveLength(1);
  });

  test('at the global cap, origins take turns: a busy one does not keep a new one out', async () => {
    const busy = await startHere({ answer: { status: 200, delayMs: 10 } });
    const late = await startHere();
    const egress = openEgress({ maxSockets: 1 });
    const order: string[] = [];
    const note = (name: string) => () => order.push(name);
    const flood = Array.from({ length: 10 }, () => egress.send(aRequest(busy.url)).then(note('busy')));
    const newcomer = egress.send(aRequest(late.url)).then(note('late'));
    await Promise.all([...flood, newcomer]);
    expect(order.indexOf('late')).toBeLessThanOrEqual(2);
    expect(order).toHaveLength(11);
  });

  test('that the server ends with its answer are not lent to those who wait', async () => {
    const receiver = await startHere({ answer: { status: 200, headers: { connection: 'close' } } });
    const egress = openEgress({ maxSocketsPerOrigin: 1 });
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => egress.send(aRequest(receiver.url))));
    expect(new Set(outcomes.map(briefly))).toEqual(new Set(['response 200']));
    expect(receiver.requests).toHaveLength(5);
  });

  test('are closed when they were idle for too long', async () => {
    const receiver = await startHere();
    const egress = openEgress({ idleTimeoutMs: 30 });
    await egress.send(aRequest(receiver.url));
    await eventually(() => expect(egress.stats().sockets).toBe(0), { everyMs: 5 });
    await eventually(() => expect(receiver.connections()).toBe(0), { everyMs: 5 });
  });

  test('that the server closes while they are idle are forgotten', async () => {
    const server = await startHostileServer({
      behave: (socket, { after }) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        after(20, () => socket.destroy());
      },
      cleanUp: onTestFinished,
    });
    const egress = openEgress();
    await egress.send(aRequest(server.url));
    await eventually(() => expect(egress.stats()).toMatchObject({ sockets: 0, origins: 0 }), { everyMs: 5 });
    expect(briefly(await egress.send(aRequest(server.url)))).toBe('response 200');
  });

  test.each(['reset', 'close'] as const)(
    'a reused one that ends before any byte (%s) says so',
    async (how) => {
      let requests = 0;
      const server = await startHostileServer({
        behave: (socket) => {
          requests += 1;
          if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
          else if (how === 'reset') socket.resetAndDestroy();
          else socket.destroy();
        },
        cleanUp: onTestFinished,
      });
      const egress = openEgress();
      expect(briefly(await egress.send(aRequest(server.url)))).toBe('response 200');
      const reused = await egress.send(aRequest(server.url));
      expect(reused).toMatchObject({ reason: 'reset', beforeAnyByte: true, timings: { connectMs: null } });
      // The repeat uses a new socket, on which the same end counts as an attempt.
      const fresh = await egress.send(aRequest(server.url));
      expect(fresh).toMatchObject({ reason: 'reset', beforeAnyByte: false });
      expect(server.accepted()).toBe(2);
    },
  );

  test('a reused one that ends after a byte does not', async () => {
    let requests = 0;
    const server = await startHostileServer({
      behave: (socket) => {
        requests += 1;
        if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        else socket.end('HTTP');
      },
      cleanUp: onTestFinished,
    });
    const egress = openEgress();
    await egress.send(aRequest(server.url));
    expect(await egress.send(aRequest(server.url))).toMatchObject({ reason: 'reset', beforeAnyByte: false });
  });
});

describe('a name with several addresses', () => {
  test('is reached at the next one when the first refuses', async () => {
    const receiver = await startHere();
    // No server listens on 127.0.0.2.
    const egress = openEgress({ resolver: tableResolver({ 'x.example': ['127.0.0.2', '127.0.0.1'] }) });
    expect(briefly(await egress.send(aRequest(`http://x.example:${receiver.port}/`)))).toBe('response 204');
    expect(egress.stats()).toMatchObject({ sockets: 1, idle: 1 });
  });

  test('is reached at the next one when the first is silent, and the silent one is given up', async () => {
    const receiver = await startHere();
    const silent: Socket[] = [];
    const egress = openEgress({
      resolver: tableResolver({ 'x.example': ['127.0.0.2', '127.0.0.1'] }),
      dial: (address, port) => {
        if (address === '127.0.0.1') return dialTcp(address, port);
        silent.push(new Socket());
        return silent[0] ?? new Socket();
      },
    });
    expect(briefly(await egress.send(aRequest(`http://x.example:${receiver.port}/`)))).toBe('response 204');
    expect(silent.map((socket) => socket.destroyed)).toEqual([true]);
  });

  test('is dialled no more once one address has answered, and no timer is left', async () => {
    const receiver = await startHere();
    let timers = 0;
    const clock: Clock = {
      ...systemClock,
      setTimer: (fn, delayMs) => {
        timers += 1;
        let isOver = false;
        const end = () => {
          if (!isOver) timers -= 1;
          isOver = true;
        };
        const cancel = systemClock.setTimer(() => {
          end();
          fn();
        }, delayMs);
        return () => {
          end();
          cancel();
        };
      },
    };
    const resolver = tableResolver({ 'x.example': ['127.0.0.1', '127.0.0.2'] });
    const egress = openEgress({ clock, resolver });
    expect(briefly(await egress.send(aRequest(`http://x.example:${receiver.port}/`)))).toBe('response 204');
    expect(timers).toBe(0);
  });

  test('is tried at no more than six of them, both families in turn', async () => {
    const { dial, dialled } = refusingDial();
    const v4 = Array.from({ length: 50 }, (_, index) => `93.184.215.${index}`);
    const v6 = Array.from({ length: 50 }, (_, index) => `2606:2800::${index + 1}`);
    const resolver = tableResolver({ 'x.example': [...v4, ...v6] });
    const egress = openEgress({ policy: closedPolicy, dial, resolver });
    expect(briefly(await egress.send(aRequest('https://x.example/')))).toBe('refused');
    expect(dialled).toEqual([v4[0], v6[0], v4[1], v6[1], v4[2], v6[2]]);
  });
});

describe('the end', () => {
  test('a caller that gives up ends the request as aborted and closes its socket', async () => {
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

  test('closing ends what runs and what waits as aborted, and leaves nothing open', async () => {
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

  test('closing while a connection is made leaves nothing open either', async () => {
    const receiver = await startHere();
    const egress = createEgress({ policy: loopbackPolicy });
    const sent = egress.send(aRequest(receiver.url));
    const closed = egress.close();
    expect(briefly(await sent)).toBe('aborted');
    await closed;
    await eventually(() => expect(receiver.connections()).toBe(0), { everyMs: 5 });
  });

  test('D25 an endpoint that is our own listener is refused, in an allowed network too', async () => {
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
