import { expect, it } from 'vitest';
import { plannedTime } from './planned-time.ts';

it.each([
  [null, null],
  [1_001, 1_001],
  [1_000, null],
  [999, null],
])('is the time of the next attempt, %j, only while it lies ahead: %j', (atMs, shown) => {
  expect(plannedTime(atMs, 1_000)).toBe(shown);
});
