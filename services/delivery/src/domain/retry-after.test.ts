import { describe, expect, it } from 'vitest';
import { maxRetryAfterMs, parseRetryAfter } from './retry-after.ts';

const nowMs = Date.parse('Sun, 06 Nov 1994 08:49:00 GMT');

describe('parseRetryAfter', () => {
  it.each([
    ['120', 120_000],
    [' 5 ', 5_000],
    ['0', 0],
    ['86401', maxRetryAfterMs],
    ['999999999999999', maxRetryAfterMs],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
    ['Sun Nov  6 08:49:37 1994', 37_000],
    ['Sun, 06 Nov 2094 08:49:37 GMT', maxRetryAfterMs],
  ])('reads %s', (header, expected) => {
    expect(parseRetryAfter(header, nowMs)).toBe(expected);
  });

  it.each([
    [undefined],
    [''],
    ['-5'],
    ['1.5'],
    ['1e3'],
    ['0x10'],
    ['soon'],
    ['120, 240'],
    ['9999999999999999'],
    ['Sun, 06 Nov 1994 08:48:00 GMT'],
    ['Sun, 99 Nov 1994 08:49:37 GMT'],
    ['1994-11-06T08:49:37Z'],
    ['Sun, 06 Nov 1994 08:49:37 PST'],
  ])('ignores %s', (header) => {
    expect(parseRetryAfter(header, nowMs)).toBeNull();
  });
});
