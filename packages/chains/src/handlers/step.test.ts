import { describe, expect, it } from 'vitest';
import { step } from './step.ts';

const tried = (options: Parameters<typeof step>[1]) => {
  const { tries, backoff } = step('pay', options as { tries?: number }, () => null);
  return { tries, backoff };
};

describe('a step', () => {
  it.each([
    ['neither', {}, { tries: 6, backoff: [30, 60, 120, 300, 600] }],
    ['waits', { backoff: [1] }, { tries: 2, backoff: [1] }],
    ['no waits', { backoff: [] }, { tries: 1, backoff: [] }],
    ['tries', { tries: 3 }, { tries: 3, backoff: [30, 60] }],
    ['one try', { tries: 1 }, { tries: 1, backoff: [] }],
    ['more tries than waits', { tries: 4, backoff: [1] }, { tries: 4, backoff: [1] }],
    ['tries without waits', { tries: 4, backoff: [] }, { tries: 4, backoff: [] }],
  ])('with %s is tried one time more than it waits', (_what, options, expected) => {
    expect(tried(options)).toEqual(expected);
  });

  it('refuses waits that would never come', () => {
    expect(() => tried({ tries: 2, backoff: [30, 60] })).toThrow(
      "step 'pay' has 2 waits in backoff, but tries 2 ends before the last of them: give 1 waits, or tries from 3 on",
    );
  });
});
