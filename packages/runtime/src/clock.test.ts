import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './index.ts';
import { fakeClock } from './testing.ts';

describe('fakeClock', () => {
  it('runs timers in the order of their due times, each at its time', async () => {
    const clock = fakeClock(1000);
    const seen: [string, number, number][] = [];
    const note = (name: string) => () => void seen.push([name, clock.nowMs(), clock.monotonicMs()]);
    clock.setTimer(note('late'), 30);
    clock.setTimer(note('early'), 10);
    clock.setTimer(note('second of two'), 30);
    clock.setTimer(note('beyond'), 41);
    await clock.advance(40);
    expect(seen).toEqual([
      ['early', 1010, 10],
      ['late', 1030, 30],
      ['second of two', 1030, 30],
    ]);
    expect([clock.nowMs(), clock.pendingTimers]).toEqual([1040, 1]);
  });

  it('runs timers that timers and their promises start, within the same advance', async () => {
    const clock = fakeClock();
    const seen: number[] = [];
    const sleep = async (ms: number) => new Promise<void>((resolve) => clock.setTimer(resolve, ms));
    const work = async () => {
      for (let task = 0; task < 3; task += 1) {
        await sleep(10);
        seen.push(clock.monotonicMs());
      }
    };
    const done = work();
    await clock.advance(30);
    await done;
    expect(seen).toEqual([10, 20, 30]);
  });

  it('cancels a timer', async () => {
    const clock = fakeClock();
    const fn = vi.fn();
    const cancel = clock.setTimer(fn, 10);
    cancel();
    cancel();
    await clock.advance(100);
    expect(fn).not.toHaveBeenCalled();
  });

  it('steps the wall clock alone', async () => {
    const clock = fakeClock(1000);
    await clock.advance(10);
    clock.set(500);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([500, 10]);
    await clock.advance(5);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([505, 15]);
  });
});

describe('the event loop', () => {
  it('of the system clock has idle time and turns while it waits, and hardly any while it is busy', async () => {
    const read = () => ({
      ms: systemClock.monotonicMs(),
      idleMs: systemClock.idleMs(),
      turns: systemClock.turns(),
    });
    const waiting = read();
    for (let task = 0; task < 5; task += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    const busy = read();
    while (systemClock.monotonicMs() - busy.ms < 50);
    const end = read();
    expect(busy.turns - waiting.turns).toBeGreaterThanOrEqual(5);
    expect(busy.idleMs - waiting.idleMs).toBeGreaterThan(0);
    expect([end.turns, end.idleMs]).toEqual([busy.turns, busy.idleMs]);
  });

  it('of the fake clock has one turn a millisecond, and one for all the time in which it is busy', async () => {
    const clock = fakeClock();
    const fn = vi.fn();
    clock.setTimer(fn, 30);
    await clock.advance(10);
    expect([clock.idleMs(), clock.turns()]).toEqual([10, 10]);
    await clock.advanceBusy(100);
    expect(fn).toHaveBeenCalledOnce();
    expect([clock.monotonicMs(), clock.idleMs(), clock.turns()]).toEqual([110, 10, 11]);
  });
});

describe('systemClock', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('waits longer than one timer of Node supports', () => {
    const fn = vi.fn();
    const days = 40 * 86_400_000;
    systemClock.setTimer(fn, days);
    vi.advanceTimersByTime(days - 1);
    expect(fn).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fn).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('cancels in any part of a long wait, and treats a negative delay as 0', () => {
    const fn = vi.fn();
    const cancel = systemClock.setTimer(fn, 40 * 86_400_000);
    vi.advanceTimersByTime(30 * 86_400_000);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    systemClock.setTimer(fn, -5);
    vi.advanceTimersByTime(0);
    expect(fn).toHaveBeenCalledTimes(1);
  });
});
