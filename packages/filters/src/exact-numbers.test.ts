import { parseExactly } from '@tidings/json';
import { describe, expect, it } from 'vitest';
import { compileFilter } from './compile-filter.ts';

const matches = (filter: unknown, json: string): boolean =>
  compileFilter(filter)(parseExactly(Buffer.from(json)));

const even = 9007199254740992;
const odd = '9007199254740993';

describe('a number that no double holds', () => {
  it.each<[string, unknown, boolean]>([
    ['is not equal to the one that it would be rounded to', { n: even }, false],
    ['nor in a list', { n: { $in: [1, even] } }, false],
    ['nor inside of a value', { o: { deep: [even] } }, false],
    ['nor as an element', { list: { $contains: even } }, false],
    ['is unequal to it', { n: { $ne: even } }, true],
    ['is not in a list of others', { n: { $nin: [even] } }, true],
    ['is above it', { n: { $gt: even } }, true],
    ['is not below it', { n: { $lte: even } }, false],
    ['is below the next one', { n: { $lt: even + 2 } }, true],
    ['is above a small one', { n: { $gt: 7 } }, true],
    ['is in no order with texts', { n: { $gt: '1' } }, false],
    ['is there', { n: { $exists: true } }, true],
    ['has no fields', { 'n.a': { $exists: true } }, false],
    ['has no fields in a list', { 'list.a': null }, false],
    ['is not an empty object', { n: {} }, false],
    ['is no text', { n: { $prefix: '9' } }, false],
  ])('%s', (_what, filter, expected) => {
    expect(matches(filter, `{"n":${odd},"o":{"deep":[${odd}]},"list":[${odd}]}`)).toBe(expected);
  });

  it('keeps its order beyond the range and beside 0', () => {
    expect(matches({ n: { $gt: Number.MAX_VALUE } }, '{"n":1e400}')).toBe(true);
    expect(matches({ n: { $lt: -Number.MAX_VALUE } }, '{"n":-1e400}')).toBe(true);
    expect(matches({ n: 0 }, '{"n":1e-400}')).toBe(false);
    expect(matches({ n: { $gt: 0 } }, '{"n":1e-400}')).toBe(true);
    expect(matches({ n: { $gt: 0.1 } }, '{"n":0.10000000000000000001}')).toBe(true);
  });

  it('is the same number however it is written, when a double holds it', () => {
    expect(matches({ n: 0.1 }, '{"n":0.100000000000000000000}')).toBe(true);
    expect(matches({ n: even }, '{"n":9007199254740992.0000000}')).toBe(true);
    expect(matches({ n: 1000 }, '{"n":1e+0003}')).toBe(true);
  });
});

it('moments are distinguished to the eighteenth digit of a second', () => {
  const at = (fraction: string): string => `2026-03-01T10:00:00.${fraction}Z`;
  const data = JSON.stringify({ at: at('123456789012345679') });
  expect(matches({ at: { $gt: at('123456789012345678') } }, data)).toBe(true);
  expect(matches({ at: { $gt: at('123456789012345679') } }, data)).toBe(false);
  expect(matches({ at: { $lt: at('2') } }, data)).toBe(true);
  expect(matches({ at: { $lte: at('5') } }, JSON.stringify({ at: at('500') }))).toBe(true);
});
