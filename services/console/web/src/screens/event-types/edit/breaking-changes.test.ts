import { expect, it } from 'vitest';
import { breakingChangesOf } from './breaking-changes.ts';

it.each([
  ['schema', ''],
  ['schema/properties/amount/type', 'amount'],
  ['schema/properties/customer/properties/a~1b', 'customer.a/b'],
  ['schema/properties/lines/items/properties/sku/maxLength', 'lines[].sku'],
  ['schema/properties/properties/type', 'properties'],
])('names the field of a breaking change at %s', (pointer, field) => {
  const faults = new Map([
    [pointer, 'may now be null'],
    ['example', 'is no object'],
  ]);
  expect(breakingChangesOf(faults)).toEqual([{ field, detail: 'may now be null' }]);
});
