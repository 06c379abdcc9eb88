import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { FailedAttempts } from './failed-attempts.ts';
import { networkOf } from './network-of.ts';

it('recognises the last 5,000 uses of accepted keys, and drops those older than 10,000 uses', () => {
  const attempts = new FailedAttempts({ clock: fakeClock(), perMinute: 20 });
  const use = (n: number): void => attempts.remember('192.0.2.1', `key_${n}`);
  const knows = (n: number): boolean => attempts.isKnown('192.0.2.1', `key_${n}`);
  for (let n = 0; n < 15_000; n += 1) {
    use(n);
    // A key that is used continually is never evicted.
    use(0);
    if (n >= 4_999) expect(knows(n - 4_998)).toBe(true);
  }
  expect(knows(0)).toBe(true);
  expect(knows(1)).toBe(false);
  expect(attempts.isKnown('192.0.2.2', 'key_0')).toBe(false);
});

it('counts different keys, and forgets them a minute after the first', async () => {
  const clock = fakeClock();
  const attempts = new FailedAttempts({ clock, perMinute: 2 });
  const here = '192.0.2.1';
  expect([attempts.add(here, 'a'), attempts.add(here, 'a'), attempts.waitMs(here)]).toEqual([
    'counted',
    'repeated',
    null,
  ]);
  await clock.advance(40_000);
  expect([attempts.add(here, 'b'), attempts.waitMs(here)]).toEqual(['last', 20_000]);
  expect(attempts.waitMs('192.0.2.2')).toBeNull();
  await clock.advance(19_900);
  expect(attempts.waitMs(here)).toBe(1_000);
  await clock.advance(100);
  expect([attempts.waitMs(here), attempts.add(here, 'a')]).toEqual([null, 'counted']);
});

it('remembers 10,000 networks, whatever guesses from more of them', () => {
  const attempts = new FailedAttempts({ clock: fakeClock(), perMinute: 1 });
  const address = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
  for (let n = 0; n <= 10_000; n += 1) attempts.add(address(n), 'wrong');
  expect([address(0), address(1), address(10_000)].map((one) => attempts.waitMs(one))).toEqual([
    null,
    60_000,
    60_000,
  ]);
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2::1', '20010db800010002/64'],
  ['2001:db8:1:2:ffff::9', '20010db800010002/64'],
  ['2001:db8:1:3::1', '20010db800010003/64'],
  ['unknown', 'unknown'],
  ['not:an:address', 'not:an:address'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
