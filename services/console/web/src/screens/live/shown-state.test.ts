import { expect, it } from 'vitest';
import { shownState } from './shown-state.ts';

const now = { state: 'open', heardMs: 100_000, isHeld: false, nowMs: 115_000 } as const;

it.each([
  ['open', now],
  ['held', { ...now, isHeld: true }],
  ['silent', { ...now, nowMs: 120_001 }],
  ['silent', { ...now, nowMs: 120_001, isHeld: true }],
  ['open', { ...now, heardMs: null }],
  ['interrupted', { ...now, state: 'interrupted', nowMs: 200_000 }],
] as const)('shows %s', (shown, heard) => {
  expect(shownState(heard)).toBe(shown);
});
