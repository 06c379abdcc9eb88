import { it } from 'vitest';
import { expectLikeASet } from './like-a-set.ts';
import { type Listed, SwapRemoveList } from './swap-remove-list.ts';

type One = Listed & { readonly n: number };

it('contains the same elements as a Set', () => {
  expectLikeASet(() => ({
    list: new SwapRemoveList<One>(),
    elements: Array.from({ length: 10 }, (_, n) => ({ n, index: -1 })),
    check: () => {},
  }));
});
