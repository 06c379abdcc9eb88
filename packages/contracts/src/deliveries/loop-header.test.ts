import { expect, test } from 'vitest';
import { isOwnRequest } from './loop-header.ts';

test('recognises a request of this installation by its id at any position in the header', () => {
  expect(isOwnRequest('main', 'main')).toBe(true);
  expect(isOwnRequest('other, main', 'main')).toBe(true);
  expect(isOwnRequest(['other', 'main'], 'main')).toBe(true);
  expect(isOwnRequest('mainly', 'main')).toBe(false);
  expect(isOwnRequest(undefined, 'main')).toBe(false);
});
