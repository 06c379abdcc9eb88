import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fifo } from './fifo.ts';

it('behaves like an array with push and shift', () => {
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

it('stays correct over many more items than it holds at once', () => {
  const fifo = new Fifo<number>();
  for (let n = 0; n < 10_000; n += 1) {
    fifo.push(n);
    if (n >= 100) expect(fifo.shift()).toBe(n - 100);
  }
  expect(fifo.length).toBe(100);
});

it('removes matching items and keeps the order of the rest', () => {
  const fifo = new Fifo<number>();
  for (let n = 0; n < 10; n += 1) fifo.push(n);
  fifo.shift();
  expect(fifo.removeWhere((n) => n % 2 === 0)).toEqual([2, 4, 6, 8]);
  expect(Array.from({ length: 5 }, () => fifo.shift())).toEqual([1, 3, 5, 7, 9]);
});
