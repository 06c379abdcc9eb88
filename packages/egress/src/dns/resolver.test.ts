import { type DnsZone, startDnsServer } from '@tidings/testing';
import { expect, onTestFinished, test } from 'vitest';
import { systemResolver } from './resolver.ts';

async function resolverFor(zone: DnsZone, timeoutMs = 2_000) {
  const server = await startDnsServer(zone, onTestFinished);
  return { server, resolver: systemResolver({ servers: [server.address], timeoutMs }) };
}

test('returns the addresses of both families and the shortest TTL', async () => {
  const { resolver } = await resolverFor({
    'a.example': { a: ['192.0.2.1', '192.0.2.2'], aaaa: ['2001:db8::1'], ttlSeconds: 7 },
  });
  expect(await resolver.resolve('a.example')).toEqual({
    addresses: ['192.0.2.1', '192.0.2.2', '2001:db8::1'],
    ttlMs: 7_000,
  });
});

test.each([
  ['nowhere.example', 'ENOTFOUND', 2_000],
  ['empty.example', 'ENODATA', 2_000],
  ['broken.example', 'ESERVFAIL', 2_000],
  ['silent.example', 'ETIMEOUT', 200],
  ['half-broken.example', 'ESERVFAIL', 2_000],
])('%s is a failure: %s', async (name, code, timeoutMs) => {
  const zone: DnsZone = {
    'empty.example': {},
    'broken.example': { rcode: 'SERVFAIL' },
    'silent.example': { isSilent: true },
    'half-broken.example': ({ type }) => (type === 'A' ? {} : { rcode: 'SERVFAIL' }),
  };
  const { resolver } = await resolverFor(zone, timeoutMs);
  await expect(resolver.resolve(name)).rejects.toMatchObject({ code });
});

test('returns one family if the other fails or does not respond', async () => {
  const zone: DnsZone = {
    'v4.example': ({ type }) => (type === 'A' ? { a: ['192.0.2.1'] } : { rcode: 'SERVFAIL' }),
    'v6.example': ({ type }) => (type === 'A' ? { isSilent: true } : { aaaa: ['2001:db8::1'] }),
  };
  const { resolver } = await resolverFor(zone, 1_000);
  expect((await resolver.resolve('v4.example')).addresses).toEqual(['192.0.2.1']);
  expect((await resolver.resolve('v6.example')).addresses).toEqual(['2001:db8::1']);
});

test('retries when a datagram is lost', async () => {
  const { resolver } = await resolverFor({
    'lossy.example': ({ count }) => (count === 0 ? { isSilent: true } : { a: ['192.0.2.1'] }),
  });
  expect((await resolver.resolve('lossy.example')).addresses).toEqual(['192.0.2.1']);
});

test('queries a short name without a search domain', async () => {
  const { server, resolver } = await resolverFor({});
  await expect(resolver.resolve('kubernetes.default')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(resolver.resolve('metadata')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  expect([...new Set(server.questions.map(({ name }) => name))]).toEqual(['kubernetes.default', 'metadata']);
});

test('caches nothing', async () => {
  const { resolver } = await resolverFor({
    'flips.example': ({ count, type }) => (type === 'A' ? { a: [`192.0.2.${count}`] } : {}),
  });
  expect((await resolver.resolve('flips.example')).addresses).toEqual(['192.0.2.0']);
  expect((await resolver.resolve('flips.example')).addresses).toEqual(['192.0.2.1']);
});

test('follows a chain of twenty aliases, and fails on one without an address', async () => {
  const zone: DnsZone = { 'end.example': { a: ['192.0.2.1'] }, 'loop.example': { cname: 'loop.example' } };
  for (let link = 0; link < 20; link += 1) {
    zone[`c${link}.example`] = { cname: link === 19 ? 'end.example' : `c${link + 1}.example` };
  }
  const { resolver } = await resolverFor({ ...zone, 'dangling.example': { cname: 'nowhere.example' } });
  expect((await resolver.resolve('c0.example')).addresses).toEqual(['192.0.2.1']);
  await expect(resolver.resolve('loop.example')).rejects.toThrow('loop.example');
  await expect(resolver.resolve('dangling.example')).rejects.toThrow('dangling.example');
});
