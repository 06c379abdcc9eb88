import { AppError } from '@tidings/runtime';
import { expect, test } from 'vitest';
import { canonicalAddress, findNetwork, parseAddress, parseNetworks } from './networks.ts';

test('reads a comma list, a list of texts, and an address alone', () => {
  expect(parseNetworks('127.0.0.0/8, ::1/128,').map(({ text }) => text)).toEqual(['127.0.0.0/8', '::1/128']);
  expect(parseNetworks(['10.1.2.3', '::1']).map(({ prefixBits }) => prefixBits)).toEqual([32, 128]);
  expect(parseNetworks('')).toEqual([]);
});

test.each([
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '::/129',
  'localhost',
  '10.0.0',
  '0177.0.0.0/8',
  'fe80::1%eth0/64',
  '10.0.0.0/0x8',
])("refuses the network '%s' and quotes it", (text) => {
  expect(() => parseNetworks(text)).toThrow(AppError);
  expect(() => parseNetworks(text)).toThrow(`'${text}'`);
});

test('refuses a network that is not written with its first address, and reports that address', () => {
  expect(() => parseNetworks('10.1.2.3/8')).toThrow("write '10.0.0.0/8'");
  expect(() => parseNetworks('2001:db8::1/32')).toThrow("write '2001:db8::/32'");
});

test('accepts an address only in plain form', () => {
  for (const text of [
    '127.1',
    '0177.0.0.1',
    '2130706433',
    '0x7f.0.0.1',
    'fe80::1%eth0',
    '',
    '[::1]',
    'a.b',
  ]) {
    expect(parseAddress(text), text).toBeNull();
  }
  expect(canonicalAddress('2606:2800:0220:0001:0248:1893:25C8:1946')).toBe(
    canonicalAddress('2606:2800:220:1:248:1893:25c8:1946'),
  );
});

test('a network contains its first and last address and no other family', () => {
  const networks = parseNetworks('10.0.0.0/8,2001:db8::/32');
  const holds = (text: string) => {
    const address = parseAddress(text);
    return address !== null && findNetwork(networks, address) !== undefined;
  };
  expect(['10.0.0.0', '10.255.255.255', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'].map(holds)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['9.255.255.255', '11.0.0.0', '2001:db9::', '::ffff:10.0.0.1', '::10.0.0.1'].map(holds)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});
