import { Socket } from 'node:net';
import { type Clock, systemClock } from '@tidings/runtime';
import { eventually, type Receiver, startHostileServer, startReceiver } from '@tidings/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dialTcp } from '../connection/dial-first.ts';
import {
  aRequest,
  briefly,
  closedPolicy,
  openEgress,
  refusingDial,
  tableResolver,
} from './egress-under-test.ts';

const startHere = (options: Parameters<typeof startReceiver>[0] = {}): Promise<Receiver> =>
  startReceiver({ cleanUp: onTestFinished, ...options });

describe('sockets', () => {
  test('are reused, up to the limit of their origin', async () => {
    const receiver = await startHere();
    const egress = openEgress({ maxSocketsPerOrigin: 2 });
    await Promise.all(Array.from({ length: 20 }, () => egress.send(aRequest(receiver.url))));
    expect(receiver.requests).toHaveLength(20);
    expect(receiver.connections()).toBe(2);
    expect(egress.stats()).toEqual({ sockets: 2, idle: 2, waiting: 0, origins: 1 });
  });

  test('are not shared across policy keys or origins', async () => {
    const receiver = await startHere();
    const egress = openEgress();
    for (const policyKey of ['a', 'b', 'a']) await egress.send(aRequest(receiver.url, { policyKey }));
    expect(receiver.connections()).toBe(2);
    await egress.send(aRequest(receiver.url));
    await egress.send(aRequest(receiver.url.replace('127.0.0.1', 'localhost')));
    expect(receiver.connections()).toBe(4);
    expect(egress.stats().origins).toBe(4);
  });

  test('that are idle are closed for another origin, the longest idle first', async () => {
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

  test('that are busy make requests wait, outside of the time of the endpoint', async () => {
    const slow = await startHere({ answer: { status: 200, delayMs: 300 } });
    const egress = openEgress({ maxSocketsPerOrigin: 1 });
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => egress.send(aRequest(slow.url, { timeoutMs: 1_000 }))),
    );
    expect(outcomes.map(briefly)).toEqual(Array.from({ length: 4 }, () => 'response 200'));
    // Longer than its own deadline: it spent three times 300 ms waiting.
    expect(outcomes[3]?.timings.totalMs).toBeGreaterThan(1_000);
  });

  test('that never become free end a request as aborted', async () => {
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

  test('are assigned to origins in rotation at the global limit', async () => {
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

  test('that the server closes with its response are not given to waiting requests', async () => {
    const receiver = await startHere({ answer: { status: 200, headers: { connection: 'close' } } });
    const egress = openEgress({ maxSocketsPerOrigin: 1 });
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => egress.send(aRequest(receiver.url))));
    expect(new Set(outcomes.map(briefly))).toEqual(new Set(['response 200']));
    expect(receiver.requests).toHaveLength(5);
  });

  test('are closed after the idle timeout', async () => {
    const receiver = await startHere();
    const egress = openEgress({ idleTimeoutMs: 30 });
    await egress.send(aRequest(receiver.url));
    await eventually(() => expect(egress.stats().sockets).toBe(0), { everyMs: 5 });
    await eventually(() => expect(receiver.connections()).toBe(0), { everyMs: 5 });
  });

  test('that the server closes while idle are removed', async () => {
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
    'set beforeAnyByte when a reused one ends before any byte (%s)',
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

  test('do not set beforeAnyByte when a reused one ends after a byte', async () => {
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
  test('is connected at the second when the first refuses', async () => {
    const receiver = await startHere();
    // No server listens on 127.0.0.2.
    const egress = openEgress({ resolver: tableResolver({ 'x.example': ['127.0.0.2', '127.0.0.1'] }) });
    expect(briefly(await egress.send(aRequest(`http://x.example:${receiver.port}/`)))).toBe('response 204');
    expect(egress.stats()).toMatchObject({ sockets: 1, idle: 1 });
  });

  test('is connected at the second when the first does not respond, and closes the first', async () => {
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

  test('is dialled no further once one address has connected, and leaves no timer', async () => {
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

  test('is dialled at six of them at most, alternating between families', async () => {
    const { dial, dialled } = refusingDial();
    const v4 = Array.from({ length: 50 }, (_, index) => `93.184.215.${index}`);
    const v6 = Array.from({ length: 50 }, (_, index) => `2606:2800::${index + 1}`);
    const resolver = tableResolver({ 'x.example': [...v4, ...v6] });
    const egress = openEgress({ policy: closedPolicy, dial, resolver });
    expect(briefly(await egress.send(aRequest('https://x.example/')))).toBe('refused');
    expect(dialled).toEqual([v4[0], v6[0], v4[1], v6[1], v4[2], v6[2]]);
  });
});
