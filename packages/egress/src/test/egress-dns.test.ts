import { type Clock, systemClock } from '@tidings/runtime';
import { type DnsZone, eventually, startDnsServer, startReceiver } from '@tidings/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EgressOptions } from '../create-egress.ts';
import { systemResolver } from '../dns/resolver.ts';
import { parseNetworks } from '../policy/networks.ts';
import {
  aRequest,
  briefly,
  closedPolicy,
  loopbackPolicy,
  openEgress,
  publicAddress,
  refusingDial,
  tableResolver,
} from './egress-under-test.ts';

/** Creates an egress that queries this test's name server and dials nothing. */
async function guarded(zone: DnsZone, options: Partial<EgressOptions> & { dnsTimeoutMs?: number } = {}) {
  const { dnsTimeoutMs = 2_000, ...rest } = options;
  const server = await startDnsServer(zone, onTestFinished);
  const { dial, dialled } = refusingDial();
  const resolver = systemResolver({ servers: [server.address], timeoutMs: dnsTimeoutMs });
  return { server, dialled, egress: openEgress({ policy: closedPolicy, resolver, dial, ...rest }) };
}

/** Returns the system clock with an adjustable offset. */
function skewedClock(): { clock: Clock; skip: (ms: number) => void } {
  let skewMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + skewMs };
  return {
    clock,
    skip: (ms) => {
      skewMs += ms;
    },
  };
}

test.each<[string, DnsZone]>([
  ['D1 A 127.0.0.1', { 'x.example': { a: ['127.0.0.1'] } }],
  ['D2 AAAA ::1', { 'x.example': { aaaa: ['::1'] } }],
  ['D3 A public, AAAA ::1', { 'x.example': { a: [publicAddress], aaaa: ['::1'] } }],
  ['D4 two A, one private', { 'x.example': { a: [publicAddress, '10.0.0.1'] } }],
  ['D4 two A, the private one first', { 'x.example': { a: ['10.0.0.1', publicAddress] } }],
  [
    'D7 alias of the metadata service',
    {
      'x.example': { cname: 'metadata.google.internal' },
      'metadata.google.internal': { a: ['169.254.169.254'] },
    },
  ],
  ['mapped AAAA', { 'x.example': { aaaa: ['::ffff:127.0.0.1'] } }],
  ['mapped AAAA of a public address', { 'x.example': { aaaa: [`::ffff:${publicAddress}`] } }],
  ['NAT64 AAAA', { 'x.example': { aaaa: ['64:ff9b::7f00:1'] } }],
  ['0.0.0.0', { 'x.example': { a: ['0.0.0.0'] } }],
])('refuses the whole name without dialling: %s', async (_name, zone) => {
  const { egress, dialled } = await guarded(zone);
  expect(await egress.send(aRequest('https://x.example/'))).toMatchObject({ reason: 'blocked-address' });
  expect(await egress.checkEndpoint('https://x.example/')).toMatchObject({
    ok: false,
    rule: 'resolved-address',
  });
  expect(dialled).toEqual([]);
});

test('the text for partners about a refused name contains no address', async () => {
  const { egress } = await guarded({ 'x.example': { a: ['10.1.2.3'] } });
  expect(JSON.stringify(await egress.checkEndpoint('https://x.example/'))).not.toContain('10.1.2.3');
  const outcome = await egress.send(aRequest('https://x.example/'));
  expect(outcome).toMatchObject({
    reason: 'blocked-address',
    detail: expect.stringContaining('10.1.2.3') as string,
  });
});

test.each([
  'localtest.me',
  '127.0.0.1.nip.io',
  '127-0-0-1.sslip.io',
  'make-127-0-0-1.1u.ms',
  '7f000001.c0a80001.rbndr.us',
])('D11 %s is refused by the address that it resolves to', async (name) => {
  const { egress, dialled } = await guarded({ [name]: { a: ['127.0.0.1'] } });
  expect(await egress.send(aRequest(`https://${name}/`))).toMatchObject({ reason: 'blocked-address' });
  expect(dialled).toEqual([]);
});

test('D5 rebinding: refuses a name that is public when registered and private when delivered', async () => {
  const { clock, skip } = skewedClock();
  const { egress, dialled } = await guarded(
    {
      'x.example': ({ count, type }) =>
        type === 'A' ? { a: [count === 0 ? publicAddress : '127.0.0.1'] } : {},
    },
    { clock },
  );
  const checked = await egress.checkEndpoint('https://x.example/');
  expect(checked).toMatchObject({ ok: true, isUnresolved: false });
  skip(1_001);
  expect(await egress.send(aRequest('https://x.example/'))).toMatchObject({ reason: 'blocked-address' });
  expect(dialled).toEqual([]);
});

test('D6 an answer that changes between lookup and connect: queries once and dials the checked address', async () => {
  const { server, egress, dialled } = await guarded({
    'x.example': ({ count, type }) =>
      type === 'A' ? { a: [count === 0 ? publicAddress : '127.0.0.1'] } : {},
  });
  await egress.send(aRequest('https://x.example/'));
  expect(dialled).toEqual([publicAddress]);
  expect(server.questions.map(({ type }) => type).toSorted()).toEqual(['A', 'AAAA']);
});

test('D8 a chain of twenty aliases is checked by its final address', async () => {
  const zone: DnsZone = { 'end.example': { a: ['10.0.0.1'] } };
  for (let link = 0; link < 20; link += 1) {
    zone[`c${link}.example`] = { cname: link === 19 ? 'end.example' : `c${link + 1}.example` };
  }
  const { egress, dialled } = await guarded(zone);
  expect(await egress.send(aRequest('https://c0.example/'))).toMatchObject({ reason: 'blocked-address' });
  expect(dialled).toEqual([]);
});

test.each<[string, DnsZone]>([
  ['NXDOMAIN', {}],
  ['SERVFAIL', { 'x.example': { rcode: 'SERVFAIL' } }],
  ['no data', { 'x.example': {} }],
  ['silence', { 'x.example': { isSilent: true } }],
])('D9 %s fails as dns and does not refuse a registration', async (_name, zone) => {
  const { egress } = await guarded(zone, { dnsTimeoutMs: 300 });
  expect(await egress.send(aRequest('https://x.example/'))).toMatchObject({
    reason: 'dns',
    beforeAnyByte: false,
  });
  const checked = await egress.checkEndpoint('https://x.example/');
  expect(checked).toMatchObject({ ok: true, isUnresolved: true });
});

test('a slow name server counts toward the deadline of the request', async () => {
  const { egress } = await guarded({ 'x.example': { isSilent: true } });
  const outcome = await egress.send(aRequest('https://x.example/', { timeoutMs: 50 }));
  expect(outcome).toMatchObject({ reason: 'timeout', detail: expect.stringContaining('dns') as string });
});

test('D10 a short name is refused without a lookup', async () => {
  const { server, egress } = await guarded({ 'kubernetes.default': { a: [publicAddress] } });
  expect(briefly(await egress.send(aRequest('https://kubernetes/')))).toBe('invalid-url');
  expect(server.questions).toEqual([]);
});

test('D22 an address with a zone is refused, whether written or resolved', async () => {
  const { dial, dialled } = refusingDial();
  const resolver = tableResolver({ 'x.example': ['2606:2800::1%eth0'] });
  const egress = openEgress({ policy: closedPolicy, resolver, dial });
  expect(briefly(await egress.send(aRequest('https://[fe80::1%25eth0]/')))).toBe('invalid-url');
  expect(briefly(await egress.send(aRequest('https://x.example/')))).toBe('blocked-address');
  expect(dialled).toEqual([]);
});

describe('D16 an open socket', () => {
  const setUp = async (second: string) => {
    const receiver = await startReceiver({ cleanUp: onTestFinished });
    const { clock, skip } = skewedClock();
    const server = await startDnsServer(
      { 'x.example': ({ count, type }) => (type === 'A' ? { a: [count === 0 ? '127.0.0.1' : second] } : {}) },
      onTestFinished,
    );
    const resolver = systemResolver({ servers: [server.address] });
    const egress = openEgress({ resolver, clock });
    const url = `http://x.example:${receiver.port}/`;
    expect(briefly(await egress.send(aRequest(url)))).toBe('response 204');
    expect(egress.stats().idle).toBe(1);
    return { receiver, egress, url, skip };
  };

  test('is reused while the DNS answer is cached', async () => {
    const { egress, url, receiver } = await setUp('10.0.0.1');
    expect(briefly(await egress.send(aRequest(url)))).toBe('response 204');
    expect(receiver.connections()).toBe(1);
  });

  test('is not reused when the name has become private', async () => {
    const { egress, url, receiver, skip } = await setUp('10.0.0.1');
    skip(30_001);
    expect(briefly(await egress.send(aRequest(url)))).toBe('blocked-address');
    expect(receiver.requests).toHaveLength(1);
  });

  test('is closed when the name resolves to another address', async () => {
    const { egress, url, receiver, skip } = await setUp('127.0.0.2');
    skip(30_001);
    // No server listens on 127.0.0.2.
    expect(briefly(await egress.send(aRequest(url)))).toBe('refused');
    await eventually(() => expect(receiver.connections()).toBe(0), { everyMs: 5 });
  });

  test('is closed, and the next request checked again, when the policy changes', async () => {
    const { egress, url, receiver } = await setUp('127.0.0.1');
    egress.setPolicy(closedPolicy);
    expect(briefly(await egress.send(aRequest(url)))).toBe('invalid-url');
    await eventually(() => expect(receiver.connections()).toBe(0), { everyMs: 5 });
    egress.setPolicy({ ...loopbackPolicy, ownListeners: [{ host: '0.0.0.0', port: receiver.port }] });
    expect(briefly(await egress.send(aRequest(url)))).toBe('blocked-address');
    egress.setPolicy(loopbackPolicy);
    expect(briefly(await egress.send(aRequest(url)))).toBe('response 204');
  });
});

test('D16 a busy socket finishes its request after a policy change, then closes', async () => {
  const receiver = await startReceiver({ answer: { status: 200, delayMs: 100 }, cleanUp: onTestFinished });
  const egress = openEgress();
  const sent = egress.send(aRequest(receiver.url));
  await receiver.waitFor(1);
  egress.setPolicy(loopbackPolicy);
  expect(briefly(await sent)).toBe('response 200');
  // Well before the receiver or the egress would close the idle socket.
  await eventually(() => expect(egress.stats().sockets).toBe(0), { everyMs: 5, timeoutMs: 2_000 });
});

describe('a name inside an allowed network', () => {
  const policy = { ...closedPolicy, allowedNetworks: parseNetworks('10.0.0.0/8') };
  const resolver = tableResolver({
    receiver: ['10.0.0.5'],
    'mixed.example': [publicAddress, '10.0.0.5'],
    'other.internal': ['192.168.0.1'],
    'public.example': [publicAddress],
  });

  test('is exempt from scheme, port and name rules at registration and at connect', async () => {
    const { dial, dialled } = refusingDial();
    const egress = openEgress({ policy, resolver, dial });
    expect(await egress.checkEndpoint('http://receiver:8080/hook')).toMatchObject({ ok: true });
    expect(briefly(await egress.send(aRequest('http://receiver:8080/hook')))).toBe('refused');
    expect(dialled).toEqual(['10.0.0.5']);
  });

  test.each([
    ['http://mixed.example/', 'invalid-url'],
    ['http://public.example/', 'invalid-url'],
    ['https://public.example:22/', 'invalid-url'],
    ['https://other.internal/', 'blocked-address'],
  ])('is not exempt unless every address is allowed: %s', async (url, reason) => {
    const { dial, dialled } = refusingDial();
    const egress = openEgress({ policy, resolver, dial });
    expect(await egress.checkEndpoint(url)).toMatchObject({ ok: false });
    expect(briefly(await egress.send(aRequest(url)))).toBe(reason);
    expect(dialled).toEqual([]);
  });

  test('localhost is this machine and is never sent to a server', async () => {
    const receiver = await startReceiver({ cleanUp: onTestFinished });
    const asking = tableResolver({ localhost: [publicAddress], 'a.localhost': [publicAddress] });
    const egress = openEgress({ resolver: asking });
    expect(briefly(await egress.send(aRequest(`http://localhost:${receiver.port}/`)))).toBe('response 204');
    expect(briefly(await egress.send(aRequest(`http://a.localhost:${receiver.port}/`)))).toBe('response 204');
    expect(asking.queried).toEqual([]);
    expect(receiver.requests[0]?.headers.host).toBe(`localhost:${receiver.port}`);
  });
});
