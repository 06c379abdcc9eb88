import { describe, expect, it } from 'vitest';
import { PeriodicTask, runPeriodically, untilNextMultiple } from './index.ts';
import { fakeClock } from './testing.ts';

/** Work whose runs end when the test ends them. */
const countedWork = () => {
  const work = {
    runs: 0,
    end: (): void => {},
    run: async (): Promise<void> => {
      work.runs += 1;
      await new Promise<void>((resolve) => {
        work.end = resolve;
      });
    },
  };
  return work;
};

describe('runPeriodically', () => {
  it('starts a run a fixed time after the end of the last, until it is stopped', async () => {
    const clock = fakeClock();
    const work = countedWork();
    const stop = runPeriodically({ clock, firstMs: 10, everyMs: 100, run: work.run });
    await clock.advance(9);
    expect(work.runs).toBe(0);
    await clock.advance(1);
    expect(work.runs).toBe(1);
    await clock.advance(1_000);
    expect(work.runs).toBe(1);
    work.end();
    await clock.advance(0);
    await clock.advance(100);
    expect(work.runs).toBe(2);
    stop();
    work.end();
    await clock.advance(1_000);
    expect(work.runs).toBe(2);
  });

  it('starts at once without a first delay, and reports to a run that it was stopped', async () => {
    const clock = fakeClock();
    const seen: boolean[] = [];
    const stop = runPeriodically({
      clock,
      firstMs: 0,
      everyMs: 100,
      run: async (isStopped) => {
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
});

describe('PeriodicTask', () => {
  it('starts no run before it is woken when it has no first delay', async () => {
    const clock = fakeClock();
    let runs = 0;
    const run = (): void => {
      runs += 1;
    };
    const task = new PeriodicTask({ clock, firstMs: null, everyMs: 100, run });
    await clock.advance(1_000);
    expect(runs).toBe(0);
    task.wake();
    await clock.advance(0);
    expect(runs).toBe(1);
    await clock.advance(100);
    expect(runs).toBe(2);
    task.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('never overlaps: wakes during a run start one more after it', async () => {
    const clock = fakeClock();
    const work = countedWork();
    const task = new PeriodicTask({ clock, firstMs: null, everyMs: 100, run: work.run });
    task.wake();
    task.wake();
    task.wake();
    await clock.advance(0);
    expect(work.runs).toBe(1);
    work.end();
    await clock.advance(0);
    expect(work.runs).toBe(2);
    work.end();
    await clock.advance(0);
    expect(work.runs).toBe(2);
  });

  it('closes after the run in progress, and starts no other', async () => {
    const clock = fakeClock();
    const work = countedWork();
    const task = new PeriodicTask({ clock, firstMs: 0, everyMs: 100, run: work.run });
    let isClosed = false;
    const closing = task.close().then(() => {
      isClosed = true;
    });
    await clock.advance(0);
    expect(isClosed).toBe(false);
    work.end();
    await closing;
    task.wake();
    await clock.advance(1_000);
    expect([work.runs, clock.pendingTimers]).toEqual([1, 0]);
  });
});

describe('untilNextMultiple', () => {
  it.each([
    [0, 1_000],
    [300, 700],
    [900, 100],
    // A timer that fires early must not run its task twice.
    [901, 1_099],
    [999.6, 1_001],
    [1_000.4, 1_000],
  ])('at %d ms, %d ms', (nowMs, leftMs) => {
    expect(untilNextMultiple(1_000, { monotonicMs: () => nowMs })).toBe(leftMs);
  });
});
