import { expect, it } from 'vitest';
import { mayBeRepeated } from './may-be-repeated.ts';

it.each([
  [408, true],
  [429, true],
  [500, true],
  [503, true],
  [400, false],
  [409, false],
  [413, false],
])('says whether a request that was answered with %i may be repeated: %s', (status, expected) => {
  expect(mayBeRepeated(status)).toBe(expected);
});
