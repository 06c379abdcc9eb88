import { expect, it } from 'vitest';
import { itemKey } from './batch-item-key.ts';

it('gives each item of a batch a key that no caller can send', () => {
  expect(itemKey('a', 1)).not.toBe(itemKey('a', 2));
  expect(itemKey('a', 1)).toMatch(/[^\x20-\x7e]/);
});
