import { describe, expect, it } from 'vitest';
import { readIdempotencyKey } from './idempotency-key.ts';

describe('readIdempotencyKey', () => {
  it.each([
    ['abc', 'abc'],
    ['"abc"', 'abc'],
    ['  "a b" ', 'a b'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['a"b', 'a"b'],
    ['x'.repeat(256), 'x'.repeat(256)],
    [`"${'x'.repeat(256)}"`, 'x'.repeat(256)],
  ])('takes %s', (header, key) => expect(readIdempotencyKey(header)).toEqual({ ok: true, key }));

  it.each([
    ['', /1 to 256 characters, got 0/],
    ['""', /1 to 256 characters, got 0/],
    ['x'.repeat(257), /got 257/],
    ['"abc', /no quoted string/],
    ['"abc";a=1', /no quoted string/],
    ['"a\\nb"', /no quoted string/],
    ['caf\u00e9', /printable ASCII/],
    ['a\tb', /printable ASCII/],
  ])('refuses %j and says why', (header, problem) => {
    const reading = readIdempotencyKey(header);
    expect(reading.ok ? reading.key : reading.problem).toMatch(problem);
    expect(reading.ok).toBe(false);
  });
});
