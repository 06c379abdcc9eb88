import { fakeClock } from '@tidings/runtime/testing';
import { expect, test } from 'vitest';
import { DnsCache } from './dns-cache.ts';

function cacheOf(ttlMs: number, addresses: readonly string[] = ['192.0.2.1']) {
  const clock = fakeClock();
  const queried: string[] = [];
  const resolver = {
    resolve: async (name: string) => {
      queried.push(name);
      if (name === 'broken.example') throw new Error('ESERVFAIL');
      return { addresses, ttlMs };
    },
  };
  return { clock, queried, cache: new DnsCache({ resolver, clock, maxEntries: 3, maxAgeMs: 30_000 }) };
}

test.each([
  [5_000, 5_000],
  [0, 1_000],
  [86_400_000, 30_000],
])('an answer with a TTL of %i ms is cached for %i ms', async (ttlMs, livesMs) => {
  const { cache, clock, queried } = cacheOf(ttlMs);
  await cache.find('a.example');
  await clock.advance(livesMs - 1);
  await cache.find('a.example');
  expect(queried).toHaveLength(1);
  await clock.advance(1);
  expect(cache.peek('a.example')).toBeUndefined();
  await cache.find('a.example');
  expect(queried).toHaveLength(2);
});

test('a thousand concurrent lookups send one query', async () => {
  const { cache, queried } = cacheOf(0);
  const found = await Promise.all(Array.from({ length: 1_000 }, () => cache.find('a.example')));
  expect(queried).toEqual(['a.example']);
  expect(new Set(found).size).toBe(1);
});

test('a failure is cached for a second, with the error of DNS', async () => {
  const { cache, clock, queried } = cacheOf(60_000);
  expect(await cache.find('broken.example')).toMatchObject({ ok: false, detail: 'ESERVFAIL' });
  await cache.find('broken.example');
  expect(queried).toHaveLength(1);
  await clock.advance(1_000);
  await cache.find('broken.example');
  expect(queried).toHaveLength(2);
});

test('an answer without an address is a failure', async () => {
  const { cache } = cacheOf(60_000, []);
  expect(await cache.find('a.example')).toMatchObject({ ok: false });
});

test('evicts the oldest name beyond the limit', async () => {
  const { cache } = cacheOf(60_000);
  for (const name of ['a.example', 'b.example', 'c.example', 'd.example']) await cache.find(name);
  expect(cache.peek('a.example')).toBeUndefined();
  expect(cache.peek('b.example')).toBeDefined();
  expect(cache.peek('d.example')).toBeDefined();
});

test('addresses are stored in canonical form', async () => {
  const { cache } = cacheOf(60_000, ['2606:2800:0220:0001:0248:1893:25C8:1946']);
  expect(await cache.find('a.example')).toMatchObject({ addresses: ['2606:2800:220:1:248:1893:25c8:1946'] });
});
