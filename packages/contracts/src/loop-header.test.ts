import { expect, test } from 'vitest';
import { isOwnRequest } from './loop-header.ts';

test('a request of this installation is known by its mark, wherever it stands in the header', () => {
  expect(isOwnRequest('main', 'main')).toBe(true);
  expect(isOwnRequest('other, main', 'main')).toBe(true);
  expect(isOwnRequest(['other', 'main'], 'main')).toBe(true);
  expect(isOwnRequest('mainly', 'main')).toBe(false);
  expect(isOwnRequest(undefined, 'main')).toBe(false);
});
