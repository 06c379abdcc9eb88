import { type AddressInfo, createServer, Socket } from 'node:net';
import {
  answering,
  eventually,
  type MisbehaviourName,
  misbehaviours,
  startHostileServer,
  startReceiver,
} from '@tidings/testing';
import { expect, onTestFinished, test } from 'vitest';
import { aRequest, briefly, openEgress, settled } from './egress-under-test.ts';

const outcomes: Readonly<Record<MisbehaviourName, string>> = {
  blackhole: 'timeout',
  'reset-before-answer': 'reset',
  'close-before-answer': 'reset',
  'reset-mid-body': 'reset',
  'close-mid-body': 'reset',
  'close-mid-body-as-announced': 'reset',
  'close-mid-header': 'reset',
  'slow-headers': 'timeout',
  'slow-body': 'timeout',
  'endless-body': 'response 200',
  'endless-close-delimited-body': 'response 200',
  'ten-gigabytes': 'response 200',
  'ten-gigabytes-announced': 'timeout',
  'gzip-bomb': 'response 200',
  'never-closes': 'timeout',
  'half-close': 'response 200',
  'half-close-before-answer': 'reset',
  'http-1.0': 'response 200',
  'informational-flood': 'protocol',
  'early-hints-then-answer': 'response 200',
  'continue-then-stall': 'timeout',
  'processing-then-stall': 'timeout',
  'body-on-204': 'response 204',
  'answer-in-advance': 'response 200',
  'header-flood': 'protocol',
  'huge-header': 'protocol',
  'trailer-flood': 'protocol',
  'chunk-extension-flood': 'protocol',
  'invalid-header-bytes': 'protocol',
  'invalid-status-line': 'protocol',
  'invalid-chunk': 'protocol',
  'two-lengths': 'protocol',
  'not-http': 'protocol',
  'unasked-upgrade': 'protocol',
  'late-success': 'timeout',
  'alternative-service': 'response 200',
};

test('every misbehaviour has an outcome', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(Object.keys(misbehaviours).toSorted());
});

test.each(Object.entries(outcomes) as [MisbehaviourName, string][])(
  '%s ends as %s, three at a time, and leaves no socket open',
  async (behave, expected) => {
    const server = await startHostileServer({ behave, cleanUp: onTestFinished });
    const egress = openEgress();
    const results = await Promise.all(
      Array.from({ length: 3 }, () =>
        egress.send(aRequest(server.url, { timeoutMs: expected === 'timeout' ? 400 : 5_000 })),
      ),
    );
    expect(results.map(briefly)).toEqual([expected, expected, expected]);
    for (const outcome of results) {
      if (outcome.kind === 'response') expect(outcome.body.length).toBeLessThanOrEqual(16_384);
      else expect(outcome.beforeAnyByte).toBe(false);
    }
    await settled(egress);
    await eventually(() => expect(server.open()).toBe(egress.stats().idle), { everyMs: 5 });
  },
);

test.each<MisbehaviourName>(['endless-body', 'endless-close-delimited-body', 'ten-gigabytes'])(
  'reads exactly the first 16 KiB of %s, or the requested maximum',
  async (behave) => {
    const server = await startHostileServer({ behave, cleanUp: onTestFinished });
    const egress = openEgress();
    const whole = await egress.send(aRequest(server.url));
    expect(whole).toMatchObject({ kind: 'response', truncated: true });
    expect(whole.kind === 'response' && whole.body.length).toBe(16_384);
    const little = await egress.send(aRequest(server.url, { maxResponseBytes: 10 }));
    expect(little.kind === 'response' && little.body.toString()).toBe('xxxxxxxxxx');
  },
);

test('a body of exactly the limit is complete, and its socket is kept', async () => {
  const receiver = await startReceiver({
    answer: { status: 200, body: Buffer.alloc(16_384, 'x') },
    cleanUp: onTestFinished,
  });
  const egress = openEgress();
  const outcome = await egress.send(aRequest(receiver.url));
  expect(outcome).toMatchObject({ kind: 'response', truncated: false });
  expect(outcome.kind === 'response' && outcome.body.length).toBe(16_384);
  expect(egress.stats().idle).toBe(1);
});

test('a gzip bomb is not decompressed', async () => {
  const server = await startHostileServer({ behave: 'gzip-bomb', cleanUp: onTestFinished });
  const egress = openEgress();
  const outcome = await egress.send(aRequest(server.url));
  expect(outcome).toMatchObject({ kind: 'response', headers: { 'content-encoding': 'gzip' } });
  expect(outcome.kind === 'response' && outcome.body.subarray(0, 2).toString('hex')).toBe('1f8b');
});

test('the header of a response may have 16 KiB, not counting its body', async () => {
  const egress = openEgress();
  for (const [size, expected] of [
    [15_000, 'response 200'],
    [17_000, 'protocol'],
  ] as const) {
    const server = await startHostileServer({
      behave: (socket) =>
        socket.write(`HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(size)}\r\ncontent-length: 0\r\n\r\n`),
      cleanUp: onTestFinished,
    });
    expect(briefly(await egress.send(aRequest(server.url)))).toBe(expected);
  }
});

test('a flood of small informational responses is refused', async () => {
  const server = await startHostileServer({
    behave: (socket) => socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(17)),
    cleanUp: onTestFinished,
  });
  const egress = openEgress();
  expect(await egress.send(aRequest(server.url))).toMatchObject({
    reason: 'protocol',
    detail: expect.stringContaining('16 informational') as string,
  });
});

test('a response that was sent in advance is not used for the next request', async () => {
  const server = await startHostileServer({ behave: 'answer-in-advance', cleanUp: onTestFinished });
  const egress = openEgress();
  for (let request = 0; request < 5; request += 1) {
    const outcome = await egress.send(aRequest(server.url));
    expect(outcome.kind === 'response' && outcome.body.toString()).toBe('ok');
  }
  expect(server.accepted()).toBe(5);
});

test.each([301, 302, 303, 307, 308])('D12–D14 a %i is a response and is never followed', async (status) => {
  const target = await startReceiver({ cleanUp: onTestFinished });
  const egress = openEgress();
  const places = [target.url, 'file:///etc/passwd', '/again', 'http://169.254.169.254/', '//127.0.0.1/'];
  for (const location of places) {
    const server = await startHostileServer({
      behave: answering(status, { location }),
      cleanUp: onTestFinished,
    });
    const outcome = await egress.send(aRequest(server.url));
    expect(outcome).toMatchObject({ kind: 'response', status, headers: { location } });
    expect(server.requests()).toBe(1);
  }
  expect(target.requests).toEqual([]);
});

test.each([410, 429, 503, 502, 504, 400])('a %i is a response with its headers', async (status) => {
  const server = await startHostileServer({
    behave: answering(status, { 'Retry-After': '120', 'X-Twice': 'a' }),
    cleanUp: onTestFinished,
  });
  const egress = openEgress();
  expect(await egress.send(aRequest(server.url))).toMatchObject({
    kind: 'response',
    status,
    headers: { 'retry-after': '120' },
  });
});

test('D18 an alternative service is ignored', async () => {
  const server = await startHostileServer({ behave: 'alternative-service', cleanUp: onTestFinished });
  const egress = openEgress();
  expect(briefly(await egress.send(aRequest(server.url)))).toBe('response 200');
  expect(briefly(await egress.send(aRequest(server.url)))).toBe('response 200');
  expect(server.requests()).toBe(2);
});

test('D19 proxy variables are ignored', async () => {
  const proxy = await startReceiver({ cleanUp: onTestFinished });
  const receiver = await startReceiver({ cleanUp: onTestFinished });
  const names = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'all_proxy'];
  const before = names.map((name) => process.env[name]);
  for (const name of names) process.env[name] = proxy.url;
  onTestFinished(() => {
    for (const [index, name] of names.entries()) {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const egress = openEgress();
  expect(briefly(await egress.send(aRequest(receiver.url)))).toBe('response 204');
  expect(proxy.requests).toEqual([]);
});

test('a port without a listener refuses', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  const egress = openEgress();
  const outcome = await egress.send(aRequest(`http://127.0.0.1:${port}/`));
  expect(outcome).toMatchObject({ reason: 'refused', beforeAnyByte: false });
  expect(egress.stats()).toMatchObject({ sockets: 0, origins: 0 });
});

test('an unresponsive address ends at the connect timeout, within the deadline', async () => {
  const silent: Socket[] = [];
  const dial = () => {
    const socket = new Socket();
    silent.push(socket);
    return socket;
  };
  const egress = openEgress({ dial, connectTimeoutMs: 50 });
  const outcome = await egress.send(aRequest('http://127.0.0.1:9/', { timeoutMs: 10_000 }));
  expect(outcome).toMatchObject({ reason: 'timeout', detail: expect.stringContaining('connect') as string });
  // Far apart: which of two timers fires first must not depend on the machine.
  const patient = openEgress({ dial, connectTimeoutMs: 10_000 });
  const early = await patient.send(aRequest('http://127.0.0.1:9/', { timeoutMs: 20 }));
  expect(early).toMatchObject({ reason: 'timeout', detail: expect.stringContaining('20 ms') as string });
  expect(silent.every((socket) => socket.destroyed)).toBe(true);
  for (const each of [egress, patient]) expect(each.stats()).toMatchObject({ sockets: 0, origins: 0 });
});

test('a peer that is not the checked address receives no byte', async () => {
  const receiver = await startReceiver({ cleanUp: onTestFinished });
  const egress = openEgress({
    dial: () => {
      const socket = new Socket();
      Object.defineProperty(socket, 'remoteAddress', { get: () => '10.0.0.1' });
      return socket.connect(receiver.port, '127.0.0.1');
    },
  });
  const outcome = await egress.send(aRequest(receiver.url));
  expect(outcome).toMatchObject({
    reason: 'blocked-address',
    detail: expect.stringContaining('10.0.0.1') as string,
  });
  await eventually(() => expect(receiver.connections()).toBe(0), { everyMs: 5 });
  expect(receiver.requests).toEqual([]);
});
