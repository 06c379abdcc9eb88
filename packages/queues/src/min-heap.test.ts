import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MinHeap } from './min-heap.ts';

it('returns its items in ascending order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new MinHeap<number>();
      for (const number of numbers) heap.push(number, number);
      const popped = Array.from({ length: numbers.length }, () => heap.pop()?.item);
      expect(popped).toEqual([...numbers].sort((a, b) => a - b));
      expect(heap.pop()).toBeUndefined();
    }),
  );
});

it('keeps the order of what is retained', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new MinHeap<number>();
      for (const number of numbers) heap.push(number, number);
      heap.retain(({ at }) => at % 2 === 0);
      const kept = numbers.filter((number) => number % 2 === 0);
      expect(heap.size).toBe(kept.length);
      const popped = Array.from({ length: kept.length }, () => heap.pop()?.item);
      expect(popped).toEqual(kept.sort((a, b) => a - b));
    }),
  );
});
