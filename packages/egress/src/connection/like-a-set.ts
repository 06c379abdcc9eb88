import fc from 'fast-check';
import { expect } from 'vitest';

/** A list of elements that are each in it once at most. */
type SetLike<T> = Readonly<{
  size: number;
  add(one: T): void;
  delete(one: T): boolean;
  values(): readonly T[];
}>;

/** A new list, elements that are not in it, and what holds after each step beside what a Set says. */
type Given<T> = Readonly<{
  list: SetLike<T>;
  elements: readonly T[];
  check(expected: ReadonlySet<T>): void;
}>;

/** Expects that lists contain the same elements as a Set, whatever is added to both and removed from both. */
export function expectLikeASet<T>(given: () => Given<T>): void {
  const steps = fc.array(fc.record({ n: fc.nat({ max: 9 }), isAdded: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const { list, elements, check } = given();
      const expected = new Set<T>();
      for (const { n, isAdded } of all) {
        const one = elements[n] as T;
        if (!isAdded) expect(list.delete(one)).toBe(expected.delete(one));
        else if (!expected.has(one)) {
          list.add(one);
          expected.add(one);
        }
        expect(list.size).toBe(expected.size);
        expect(new Set(list.values())).toEqual(expected);
        check(expected);
      }
    }),
  );
}
