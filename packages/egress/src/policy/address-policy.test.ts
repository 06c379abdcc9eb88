import { expect, test } from 'vitest';
import { classifyAddress, isOwnListener, isPublicAddress } from './address-policy.ts';
import type { NetworkPolicy } from './network-policy.ts';
import { parseNetworks } from './networks.ts';

// The tables again, as numbers and with separate arithmetic, so that the test does not repeat a mistake of the code.
const ipv4Ranges = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['168.63.129.16', 32],
] as const;
const ipv6Refused = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const;
const ipv6NotGlobal = [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['100:0:0:1::', 64],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const;

const toNumber4 = (text: string) => text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
const toText4 = (value: bigint) =>
  [24n, 16n, 8n, 0n].map((shift) => ((value >> shift) & 255n).toString()).join('.');
const toNumber6 = (text: string) => {
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: zeros }, () => '0'), ...groups(tail ?? '')];
  return all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
};
const toText6 = (value: bigint) =>
  Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16)).join(
    ':',
  );

type Range = Readonly<{ first: bigint; last: bigint }>;
const rangeOf = (first: bigint, width: number, prefix: number): Range => ({
  first,
  last: first + (1n << BigInt(width - prefix)) - 1n,
});
const isIn = (ranges: readonly Range[], value: bigint) =>
  ranges.some(({ first, last }) => value >= first && value <= last);
const neighbours = ({ first, last }: Range, highest: bigint) =>
  [first - 1n, first, first + 1n, last - 1n, last, last + 1n].filter(
    (value) => value >= 0n && value <= highest,
  );

const ranges4 = ipv4Ranges.map(([text, prefix]) => rangeOf(toNumber4(text), 32, prefix));
const refused6 = ipv6Refused.map(([text, prefix]) => rangeOf(toNumber6(text), 128, prefix));
const global6 = rangeOf(toNumber6('2000::'), 128, 3);

test('every special IPv4 range has exact boundaries', () => {
  for (const range of ranges4) {
    for (const value of neighbours(range, 0xffff_ffffn)) {
      expect(isPublicAddress(toText4(value)), toText4(value)).toBe(!isIn(ranges4, value));
    }
  }
});

test('no IPv4 address embedded in IPv6 is public: mapped, compatible, NAT64, local NAT64, 6to4, Teredo', () => {
  for (const range of ranges4) {
    for (const value of neighbours(range, 0xffff_ffffn)) {
      const dotted = toText4(value);
      const groups = `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
      for (const text of [
        `::ffff:${dotted}`,
        `::ffff:${groups}`,
        `::${dotted}`,
        `64:ff9b::${dotted}`,
        `64:ff9b:1::${dotted}`,
        `2002:${groups}::`,
        `2001:0:${groups}::1`,
      ]) {
        expect(isPublicAddress(text), text).toBe(false);
      }
    }
  }
});

test('every special IPv6 range has exact boundaries', () => {
  const highest = (1n << 128n) - 1n;
  const notGlobal = ipv6NotGlobal.map(([text, prefix]) => rangeOf(toNumber6(text), 128, prefix));
  for (const range of [...refused6, ...notGlobal, global6]) {
    for (const value of neighbours(range, highest)) {
      const isPublic = isIn([global6], value) && !isIn(refused6, value);
      expect(isPublicAddress(toText6(value)), toText6(value)).toBe(isPublic);
    }
  }
});

test.each([
  '127.1',
  '2130706433',
  '0177.0.0.1',
  'fe80::1%lo',
  '2606:2800::1%eth0',
  'example.com',
  '',
  '1.2.3.4 ',
])("'%s' is not a public address, because it is not a plain address", (text) => {
  expect(isPublicAddress(text)).toBe(false);
});

const closed: NetworkPolicy = { allowedNetworks: [], allowHttp: false };

test('exempts exactly the networks that the operator lists', () => {
  const policy = { ...closed, allowedNetworks: parseNetworks('127.0.0.0/8,fd00::/8') };
  const kinds = ['127.0.0.1', 'fd00::1', '10.0.0.1', '::1', '::ffff:127.0.0.1', '93.184.215.14'].map(
    (address) => classifyAddress(address, policy).kind,
  );
  expect(kinds).toEqual(['allowed', 'allowed', 'blocked', 'blocked', 'blocked', 'public']);
});

test("the network's own NAT64 prefix is refused although it is in 2000::/3", () => {
  expect(classifyAddress('2606:2800::7f00:1', closed).kind).toBe('public');
  const policy = { ...closed, nat64Prefixes: parseNetworks('2606:2800::/96') };
  expect(classifyAddress('2606:2800::7f00:1', policy).kind).toBe('blocked');
});

test('recognises a listener of this installation by address and port', () => {
  const policy = { ...closed, ownListeners: [{ host: '127.0.0.1', port: 3000 }, { host: '10.1.1.1' }] };
  expect(isOwnListener('127.0.0.1', 3000, policy)).toBe(true);
  expect(isOwnListener('127.0.0.1', 3001, policy)).toBe(false);
  expect(isOwnListener('10.1.1.1', 9, policy)).toBe(true);
  expect(isOwnListener('127.0.0.1', 3000, closed)).toBe(false);
});

test.each(['0.0.0.0', '::'])('a listener on %s covers every address of this machine', (host) => {
  const policy = { ...closed, ownListeners: [{ host, port: 3000 }] };
  expect(isOwnListener('127.0.0.1', 3000, policy)).toBe(true);
  expect(isOwnListener('127.3.3.3', 3000, policy)).toBe(true);
  expect(isOwnListener('::1', 3000, policy)).toBe(true);
  expect(isOwnListener('93.184.215.14', 3000, policy)).toBe(false);
});
