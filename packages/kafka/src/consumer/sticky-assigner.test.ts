import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claim, sharePartitions } from './sticky-assigner.ts';

const claims: fc.Arbitrary<Claim[]> = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((memberId) =>
        fc.array(fc.nat({ max: 40 }), { maxLength: 20 }).map((owned): Claim => ({ memberId, owned })),
      ),
    ),
  );

describe('sharing partitions', () => {
  it('assigns each partition to one member, evenly, whichever member computes it', () => {
    fc.assert(
      fc.property(fc.nat({ max: 32 }), claims, (count, members) => {
        const shares = sharePartitions(count, members);
        const given = [...shares.values()].flat().sort((a, b) => a - b);
        expect(given).toEqual(Array.from({ length: count }, (_, partition) => partition));
        const sizes = members.map(({ memberId }) => shares.get(memberId)?.length ?? 0);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(sharePartitions(count, [...members].reverse())).toEqual(shares);
      }),
    );
  });

  it('moves no partition when the same members join again', () => {
    fc.assert(
      fc.property(fc.nat({ max: 32 }), claims, (count, members) => {
        const before = sharePartitions(count, members);
        const again = [...before].map(([memberId, owned]) => ({ memberId, owned }));
        expect(sharePartitions(count, again)).toEqual(before);
      }),
    );
  });

  it('takes from the owners only as many partitions as a new member needs', () => {
    const before = [
      { memberId: 'a', owned: [0, 1, 2, 3, 4, 5] },
      { memberId: 'b', owned: [6, 7, 8, 9, 10, 11] },
    ];
    const after = sharePartitions(12, [...before, { memberId: 'c', owned: [] }]);
    expect(after.get('c')).toHaveLength(4);
    for (const { memberId, owned } of before)
      expect(owned).toEqual(expect.arrayContaining(after.get(memberId) ?? []));
  });
});
