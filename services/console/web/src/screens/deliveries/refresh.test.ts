import { expect, it } from 'vitest';
import { lastManualAt, refreshMs } from './refresh.ts';

const first = { trigger: 'event', at: '2026-01-01T00:00:00.000Z' } as const;
const resent = { trigger: 'manual', at: '2026-01-01T00:01:00.000Z' } as const;
const again = { trigger: 'manual', at: '2026-01-01T00:02:00.000Z' } as const;

it('reads a delivery again while attempts follow by themselves', () => {
  expect(refreshMs({ status: 'retrying', attempts: [first] }, undefined)).toBe(2_000);
  expect(refreshMs({ status: 'delivered', attempts: [first] }, undefined)).toBe(false);
  expect(refreshMs(undefined, undefined)).toBe(false);
});

it.each([
  ['once', [first], [first, resent]],
  ['twice', [first, resent], [first, resent, again]],
])('reads a delivered delivery that is resent %s until the attempt is there', (_times, before, after) => {
  const resentAfter = lastManualAt({ attempts: before });
  expect(refreshMs({ status: 'delivered', attempts: before }, resentAfter)).toBe(2_000);
  expect(refreshMs({ status: 'delivered', attempts: after }, resentAfter)).toBe(false);
});
