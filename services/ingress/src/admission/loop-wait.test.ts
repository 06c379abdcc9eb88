import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { LoopWait } from './loop-wait.ts';

it('is the time for which the event loop was busy since it last looked at its sockets', async () => {
  const clock = fakeClock();
  const wait = new LoopWait(clock);
  await clock.advanceBusy(40);
  expect(wait.now()).toBe(40);
  // Idle since: what is read now has just come.
  await clock.advance(500);
  expect(wait.now()).toBe(0);
});

it('grows within a turn of the loop, by what was done for others before', () => {
  let [atMs, turn] = [0, 1];
  const wait = new LoopWait({ monotonicMs: () => atMs, idleMs: () => 0, turns: () => turn });
  [atMs, turn] = [30, 2];
  expect(wait.now()).toBe(30);
  atMs = 37;
  expect(wait.now()).toBe(37);
});

it('is one turn of many that passed since the call before', () => {
  let [atMs, turn] = [0, 1];
  const wait = new LoopWait({ monotonicMs: () => atMs, idleMs: () => 0, turns: () => turn });
  [atMs, turn] = [1_000, 101];
  expect(wait.now()).toBe(10);
});
