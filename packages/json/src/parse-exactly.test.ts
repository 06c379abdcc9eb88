import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExactNumber } from './exact-number.ts';
import { hasUnheldNumbers, parseExactly } from './parse-exactly.ts';

const parse = (text: string): unknown => parseExactly(Buffer.from(text));
const shown = (value: unknown): unknown => (value instanceof ExactNumber ? `exact ${value}` : value);

test.each(['9007199254740993', '-9007199254740993', '1e400', '1E-400', '0.10000000000000000001'])(
  '%s stays what it is, wherever it stands',
  (token) => {
    const wanted = `exact ${token}`;
    expect(shown(parse(token))).toBe(wanted);
    expect(shown(parse(` ${token}\n`))).toBe(wanted);
    const { a, b } = parse(`{"a":[1,[${token}]],"b":{"c":${token} , "d":"é"}}`) as {
      a: [number, [unknown]];
      b: { c: unknown; d: string };
    };
    expect([a[0], shown(a[1][0]), shown(b.c), b.d]).toEqual([1, wanted, wanted, 'é']);
  },
);

test('returns a number for a value that a double holds, however long it is written', () => {
  expect(parse('[1.0,9007199254740992,0.10000000000000000000,1e3,1e+0300]')).toEqual([
    1,
    2 ** 53,
    0.1,
    1000,
    1e300,
  ]);
});

test('does not treat digits in texts and names as numbers', () => {
  const text = '{"9007199254740993":"9007199254740993","a":"\\"9007199254740993","b":"x1e400"}';
  expect(parse(text)).toEqual(JSON.parse(text));
});

test('keeps a field named __proto__ as a field', () => {
  const value = parse('{"__proto__":9007199254740993}') as object;
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect(shown(Object.getOwnPropertyDescriptor(value, '__proto__')?.value)).toBe('exact 9007199254740993');
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

test('takes the last of repeated names, as JSON.parse does', () => {
  const { a } = parse('{"a":9007199254740993,"a":1}') as { a: unknown };
  expect(a).toBe(1);
});

test('accepts any depth of nesting', () => {
  const levels = 200_000;
  const value = parse(`${'['.repeat(levels)}9007199254740993${']'.repeat(levels)}`);
  expect(Array.isArray(value)).toBe(true);
});

test('reads any JSON as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parse(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('reads an integer of any length exactly, in any context', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.json(), fc.json(), (integer, before, after) => {
      const [, read] = parse(`[${before},${integer},${after}]`) as unknown[];
      return String(read) === String(integer) || BigInt(read as number) === integer;
    }),
  );
});

test('hasUnheldNumbers misses no number', () => {
  const surroundings = fc.string({ unit: fc.constantFrom(...'0123456789.,:e-E+ "x'), maxLength: 40 });
  fc.assert(
    fc.property(surroundings, fc.integer({ min: 17, max: 40 }), (around, length) => {
      const text = `[${JSON.stringify(around)},${'7'.repeat(length)}]`;
      return hasUnheldNumbers(Buffer.from(text));
    }),
  );
  expect(hasUnheldNumbers(Buffer.from('{"a":1e400}'))).toBe(true);
  expect(hasUnheldNumbers(Buffer.from('{"a":123456789012345,"b":"2026-11-22T10:00:00.123Z"}'))).toBe(false);
});
