import { Resolver } from 'node:dns/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type DnsZone, startDnsServer } from './dns-server.ts';

async function resolverFor(zone: DnsZone) {
  const server = await startDnsServer(zone, onTestFinished);
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([server.address]);
  return { server, resolver };
}

test('answers A and AAAA, follows aliases, and counts the questions', async () => {
  const { server, resolver } = await resolverFor({
    'a.example': { a: ['10.0.0.1', '10.0.0.2'], aaaa: ['::ffff:127.0.0.1', '2001:db8::1'], ttlSeconds: 60 },
    'b.example': { cname: 'c.example' },
    'c.example': { cname: 'a.example' },
    'flips.example': ({ count }) => ({ a: [count === 0 ? '10.0.0.1' : '10.0.0.2'] }),
  });
  expect(await resolver.resolve4('a.example', { ttl: true })).toEqual([
    { address: '10.0.0.1', ttl: 60 },
    { address: '10.0.0.2', ttl: 60 },
  ]);
  expect(await resolver.resolve6('a.example')).toEqual(['::ffff:127.0.0.1', '2001:db8::1']);
  expect(await resolver.resolve4('B.example')).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(await resolver.resolve4('flips.example')).toEqual(['10.0.0.1']);
  expect(await resolver.resolve4('flips.example')).toEqual(['10.0.0.2']);
  expect(server.questions.filter(({ name }) => name === 'flips.example')).toHaveLength(2);
});

test.each([
  ['nowhere.example', 'ENOTFOUND'],
  ['empty.example', 'ENODATA'],
  ['broken.example', 'ESERVFAIL'],
  ['silent.example', 'ETIMEOUT'],
])('%s ends as %s', async (name, code) => {
  const { resolver } = await resolverFor({
    'empty.example': {},
    'broken.example': { rcode: 'SERVFAIL' },
    'silent.example': { isSilent: true },
  });
  await expect(resolver.resolve4(name)).rejects.toMatchObject({ code });
});
