import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Listed, SwapRemoveList } from './swap-remove-list.ts';

type One = Listed & { readonly n: number };

it('contains the same elements as a Set', () => {
  const steps = fc.array(fc.record({ n: fc.nat({ max: 9 }), isAdded: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const things: One[] = Array.from({ length: 10 }, (_, n) => ({ n, index: -1 }));
      const list = new SwapRemoveList<One>();
      const expected = new Set<One>();
      for (const { n, isAdded } of all) {
        const one = things[n] as One;
        if (!isAdded) expect(list.delete(one)).toBe(expected.delete(one));
        else if (!expected.has(one)) {
          list.add(one);
          expected.add(one);
        }
        expect(list.size).toBe(expected.size);
        expect(new Set(list.values())).toEqual(expected);
      }
    }),
  );
});
