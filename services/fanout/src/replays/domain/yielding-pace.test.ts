import { describe, expect, it } from 'vitest';
import { YieldingPace } from './yielding-pace.ts';

/** Sends as fast as the pace allows, and returns how many in each of some seconds. */
const sentIn = (pace: YieldingPace, seconds: number, fromMs = 0): number[] =>
  Array.from({ length: seconds }, (_, second) => {
    let sent = 0;
    for (let ms = 0; ms < 1_000; ms += 1) {
      const nowMs = fromMs + second * 1_000 + ms;
      if (pace.delayMs(nowMs) > 0) continue;
      pace.take(nowMs);
      sent += 1;
    }
    return sent;
  });

describe('the pace of replays', () => {
  it('rises to the maximum on an idle process', () => {
    const sent = sentIn(new YieldingPace(400, () => 0.2), 12);
    expect(sent[0]).toBeLessThan(200);
    expect(sent.at(-1)).toBeGreaterThanOrEqual(390);
    expect(Math.max(...sent)).toBeLessThanOrEqual(410);
  });

  it('falls on a busy process to a twentieth, and not below', () => {
    const sent = sentIn(new YieldingPace(400, () => 0.9), 8);
    expect(sent.at(-1)).toBeGreaterThanOrEqual(19);
    expect(sent.at(-1)).toBeLessThanOrEqual(22);
  });

  it('stays in between where the process is neither, and follows it', () => {
    let share = 0.6;
    const pace = new YieldingPace(400, () => share);
    sentIn(pace, 4);
    expect(pace.perSecond).toBe(100);
    share = 0.7;
    sentIn(pace, 1, 4_000);
    expect(pace.perSecond).toBeLessThan(50);
    share = 0.1;
    sentIn(pace, 10, 5_000);
    expect(pace.perSecond).toBe(400);
  });

  it('keeps its first rate until it has measured', () => {
    // The first value covers the time before the replay.
    const shares = [1, 0.1];
    const pace = new YieldingPace(1_000, () => shares.shift() ?? 0.1);
    pace.delayMs(0);
    expect(pace.perSecond).toBe(250);
    pace.delayMs(250);
    expect(pace.perSecond).toBe(275);
  });
});
