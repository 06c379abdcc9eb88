import { describe, expect, it } from 'vitest';
import { readIfMatch } from './request-headers.ts';

describe('readIfMatch', () => {
  it.each<[string, readonly number[] | null]>([
    ['"4"', [4]],
    ['4', [4]],
    [' 4 ', [4]],
    ['"4", "5"', [4, 5]],
    ['4,5', [4, 5]],
    ['4, "5",', [4, 5]],
    ['*', null],
    // Well-formed tags in another format match nothing.
    ['W/"4"', []],
    ['W/"4", "5"', [5]],
    ['"abc"', []],
    ['"a,b", "4"', [4]],
    ['""', []],
    ['"0123456789012345"', []],
  ])('takes %j', (header, versions) => {
    const read = readIfMatch(header);
    expect(read === null ? null : [...read]).toEqual(versions);
  });

  it.each([
    '',
    ' ',
    ',',
    'abc',
    '"4',
    '4"',
    'w/"4"',
    '"4" "5"',
    '"4", *',
    '*, "4"',
    '-4',
    '4.0',
    "'4'",
    'v4',
    '“4”',
  ])('refuses %j, quotes it and shows the right form', (header) => {
    expect(() => readIfMatch(header)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        message: `If-Match must be the ETag of a version, such as "4", a list of them, or *, got ${header || 'nothing'}.`,
      }) as Error,
    );
  });
});
