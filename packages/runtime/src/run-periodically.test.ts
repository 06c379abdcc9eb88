import { expect, it } from 'vitest';
import { runPeriodically } from './index.ts';
import { fakeClock } from './testing.ts';

it('begins a turn some time after the last has ended, until it is stopped', async () => {
  const clock = fakeClock();
  let turns = 0;
  let end: () => void = () => {};
  const stop = runPeriodically({
    clock,
    firstMs: 10,
    everyMs: 100,
    task: async () => {
      turns += 1;
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    },
  });
  await clock.advance(9);
  expect(turns).toBe(0);
  await clock.advance(1);
  expect(turns).toBe(1);
  await clock.advance(1_000);
  expect(turns).toBe(1);
  end();
  await clock.advance(0);
  await clock.advance(100);
  expect(turns).toBe(2);
  stop();
  end();
  await clock.advance(1_000);
  expect(turns).toBe(2);
});

it('begins at once when there is nothing to wait for, and tells a turn that it was stopped', async () => {
  const clock = fakeClock();
  const seen: boolean[] = [];
  const stop = runPeriodically({
    clock,
    firstMs: 0,
    everyMs: 100,
    task: async (isStopped) => {
      seen.push(isStopped());
      await clock.advance(0);
      seen.push(isStopped());
    },
  });
  expect(seen).toEqual([false]);
  stop();
  await clock.advance(1_000);
  expect(seen).toEqual([false, true]);
});
