import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Listed, Roster } from './swap-remove-list.ts';

type One = Listed & { readonly n: number };

it('holds what a Set would hold', () => {
  const steps = fc.array(fc.record({ n: fc.nat({ max: 9 }), isAdded: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const things: One[] = Array.from({ length: 10 }, (_, n) => ({ n, place: -1 }));
      const roster = new Roster<One>();
      const expected = new Set<One>();
      for (const { n, isAdded } of all) {
        const one = things[n] as One;
        if (!isAdded) expect(roster.delete(one)).toBe(expected.delete(one));
        else if (!expected.has(one)) {
          roster.add(one);
          expected.add(one);
        }
        expect(roster.size).toBe(expected.size);
        expect(new Set(roster.values())).toEqual(expected);
      }
      const least = [...expected].sort((a, b) => a.n - b.n)[0];
      expect(roster.least((one) => one.n)).toBe(least);
    }),
  );
});
