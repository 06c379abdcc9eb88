import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExactNumber, isHeldExactly } from './exact-number.ts';

test.each([
  '0',
  '-0',
  '1.0',
  '0.1',
  '19.99',
  '1e5',
  '1E+5',
  '9007199254740992',
  '1e23',
  '1.50000000000000000000',
])('%s is held', (token) => expect(isHeldExactly(token)).toBe(true));

test.each([
  '9007199254740993',
  '-9007199254740993',
  '1e400',
  '1e-400',
  '0.1000000000000000055511151231257827',
  '99999999999999991611392',
  `1${'0'.repeat(400)}`,
])('%s is not held', (token) => expect(isHeldExactly(token)).toBe(false));

test('every number that JSON.stringify writes is held', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) =>
      isHeldExactly(JSON.stringify(number)),
    ),
  );
});

test.each([
  ['9007199254740993', 9007199254740992, 1],
  ['9007199254740993', 9007199254740994, -1],
  ['-9007199254740993', -9007199254740992, -1],
  ['0.30000000000000000001', 0.3, 1],
  ['1e400', Number.MAX_VALUE, 1],
  ['-1e400', -Number.MAX_VALUE, -1],
  ['1e-400', 0, 1],
  ['-1e-400', 0, -1],
  ['1e-400', 5e-324, -1],
  [`1e${'9'.repeat(400)}`, 1, 1],
] as const)('%s beside %d is %d', (token, other, expected) => {
  expect(Math.sign(new ExactNumber(token).compare(other))).toBe(expected);
});

test('compares two exact numbers digit by digit', () => {
  const [a, b, same] = ['9007199254740993', '9007199254740993.5', '90071992547409930e-1'].map(
    (token) => new ExactNumber(token),
  ) as [ExactNumber, ExactNumber, ExactNumber];
  expect(a.compare(b)).toBeLessThan(0);
  expect(a.compare(same)).toBe(0);
  expect(a.canonical).toBe(same.canonical);
  expect(a.canonical).not.toBe(b.canonical);
});

test('orders any two integers as BigInt does', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.bigInt(), (a, b) => {
      const order = new ExactNumber(String(a)).compare(new ExactNumber(String(b)));
      return Math.sign(order) === (a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test.each([
  ['9007199254740993', 3, true],
  ['9007199254740993', 2, false],
  ['9007199254740993.5', 0.5, true],
  ['9007199254740993.5', 1, false],
  ['1e400', 7, false],
  ['7e400', 7, true],
  ['1e999999999', 16, true],
] as const)('%s is a multiple of %d: %s', (token, divisor, expected) => {
  expect(new ExactNumber(token).isMultipleOf(divisor)).toBe(expected);
});

test.each([
  ['9007199254740993', true],
  ['9007199254740993.5', false],
  ['1.5e400', true],
  ['1e-400', false],
])('%s is an integer: %s', (token, expected) => expect(new ExactNumber(token).isInteger).toBe(expected));

test('handles a number of 200,000 digits in negligible time', () => {
  const token = `${'0'.repeat(100_000).replace('0', '1')}${'7'.repeat(100_000)}`;
  const number = new ExactNumber(token);
  expect(number.compare(1)).toBe(1);
  expect(number.isMultipleOf(10)).toBe(false);
});
