import { expect, it } from 'vitest';
import { BoundedMap } from './index.ts';

const valuesOf = (map: BoundedMap<string, number>) => ['a', 'b', 'c'].map((key) => map.get(key));

it('deletes the entry that was set the longest ago when there is one too many', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  expect(valuesOf(map)).toEqual([1, 2, undefined]);
  map.set('c', 3);
  expect(valuesOf(map)).toEqual([undefined, 2, 3]);
  map.set('b', 4);
  map.set('a', 5);
  expect(valuesOf(map)).toEqual([5, 4, undefined]);
  map.delete('b');
  map.set('c', 6);
  expect(valuesOf(map)).toEqual([5, undefined, 6]);
});
