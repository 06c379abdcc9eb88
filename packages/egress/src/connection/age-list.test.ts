import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Aged, AgeList } from './age-list.ts';

class One implements Aged<One> {
  older: One | undefined;
  newer: One | undefined;
  readonly n: number;

  constructor(n: number) {
    this.n = n;
  }
}

it('contains the same elements as a Set, in the order of their additions', () => {
  const steps = fc.array(fc.record({ n: fc.nat({ max: 9 }), isAdded: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const things = Array.from({ length: 10 }, (_, n) => new One(n));
      const list = new AgeList<One>();
      const expected = new Set<One>();
      for (const { n, isAdded } of all) {
        const one = things[n] as One;
        if (!isAdded) expect(list.delete(one)).toBe(expected.delete(one));
        else if (!expected.has(one)) {
          list.add(one);
          expected.add(one);
        }
        expect(list.size).toBe(expected.size);
        expect(list.oldest).toBe([...expected][0]);
        expect(list.values().map(({ n: of }) => of)).toEqual([...expected].map(({ n: of }) => of));
      }
      // What was removed refers to nothing.
      const removed = things.filter((one) => !expected.has(one));
      expect(removed.every(({ older, newer }) => older === undefined && newer === undefined)).toBe(true);
    }),
  );
});
