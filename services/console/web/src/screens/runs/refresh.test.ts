import { expect, it } from 'vitest';
import { refreshMs } from './refresh.ts';

const before = '2026-11-30T12:00:00.000Z';
const after = '2026-11-30T12:00:05.000Z';

it.each([
  ['running', undefined, 2_000],
  ['waiting', undefined, 2_000],
  ['completed', undefined, false],
  ['cancelled', undefined, false],
  ['failed', undefined, false],
  // A retry was ordered, which its application has not taken up yet; then the run has failed again.
  ['failed', before, 2_000],
  ['failed', after, false],
] as const)(
  'reads a run that is %s again, something ordered of it as of %s, after %s',
  (status, orderedAt, pause) => {
    expect(refreshMs({ status, changed_at: before }, orderedAt)).toBe(pause);
  },
);

it('reads nothing again that is not there', () => {
  expect(refreshMs(undefined, before)).toBe(false);
});
