import { expect, it } from 'vitest';
import { type Aged, AgeList } from './age-list.ts';
import { expectLikeASet } from './like-a-set.ts';

class One implements Aged<One> {
  older: One | undefined;
  newer: One | undefined;
  readonly n: number;

  constructor(n: number) {
    this.n = n;
  }
}

it('contains the same elements as a Set, in the order of their additions', () => {
  expectLikeASet(() => {
    const elements = Array.from({ length: 10 }, (_, n) => new One(n));
    const list = new AgeList<One>();
    return {
      ...{ list, elements },
      check: (expected) => {
        expect(list.oldest).toBe([...expected][0]);
        expect(list.values().map(({ n }) => n)).toEqual([...expected].map(({ n }) => n));
        // What was removed refers to nothing.
        const removed = elements.filter((one) => !expected.has(one));
        expect(removed.every(({ older, newer }) => older === undefined && newer === undefined)).toBe(true);
      },
    };
  });
});
