import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fifo, MinHeap } from './collections.ts';

it('behaves like an array that is pushed and shifted', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer()), { maxLength: 500 }), (steps) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const step of steps) {
        if (step === null) expect(fifo.shift()).toBe(model.shift());
        else {
          fifo.push(step);
          model.push(step);
        }
        expect(fifo.length).toBe(model.length);
        expect(fifo.peek()).toBe(model[0]);
      }
    }),
  );
});

it('gives its places back while it is used for long', () => {
  const fifo = new Fifo<number>();
  for (let n = 0; n < 10_000; n += 1) {
    fifo.push(n);
    if (n >= 100) expect(fifo.shift()).toBe(n - 100);
  }
  expect(fifo.length).toBe(100);
});

it('takes out what is not wanted and keeps the order of the rest', () => {
  const fifo = new Fifo<number>();
  for (let n = 0; n < 10; n += 1) fifo.push(n);
  fifo.shift();
  expect(fifo.removeWhere((n) => n % 2 === 0)).toEqual([2, 4, 6, 8]);
  expect(Array.from({ length: 5 }, () => fifo.shift())).toEqual([1, 3, 5, 7, 9]);
});

it('gives back what was put in, smallest first', () => {
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
