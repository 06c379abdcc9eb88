import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { CommitTimer } from './commit-timer.ts';

const aTimer = () => {
  const clock = fakeClock();
  let unsettled = 0;
  let commits = 0;
  const commit = async (): Promise<void> => {
    commits += 1;
    unsettled = Math.max(0, unsettled - 1);
  };
  const timer = new CommitTimer({ clock, everyMs: 500, commit, isSettled: () => unsettled === 0 });
  const arrive = (rounds: number): void => {
    unsettled = rounds;
    timer.start();
  };
  return { clock, timer, arrive, commits: () => commits };
};

it('commits until everything is settled, and has no timer then', async () => {
  const { clock, arrive, commits } = aTimer();
  expect(clock.pendingTimers).toBe(0);
  arrive(3);
  arrive(3);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(499);
  expect(commits()).toBe(0);
  await clock.advance(1);
  expect(commits()).toBe(1);
  await clock.advance(10_000);
  expect(commits()).toBe(3);
  expect(clock.pendingTimers).toBe(0);
  arrive(1);
  await clock.advance(500);
  expect(commits()).toBe(4);
});

it('commits nothing after it is stopped', async () => {
  const { clock, timer, arrive, commits } = aTimer();
  arrive(1);
  timer.stop();
  arrive(1);
  await clock.advance(10_000);
  expect(commits()).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});
