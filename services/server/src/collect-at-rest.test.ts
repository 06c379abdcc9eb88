import { fakeClock } from '@tidings/runtime/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { collectGarbage, startCollectingAtRest } from './collect-at-rest.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

const given = () => {
  const clock = fakeClock();
  const collected = { times: 0 };
  const collect = (): void => {
    collected.times += 1;
  };
  const stop = startCollectingAtRest({ clock, collect });
  cleanUps.push(stop);
  return { clock, collected, stop };
};

describe('a process that comes to rest', () => {
  it('collects its garbage once after work, and again only after more work', async () => {
    const { clock, collected } = given();
    await clock.advanceBusy(3_000);
    await clock.advance(4_000);
    expect(collected.times).toBe(0);
    await clock.advance(5_000);
    expect(collected.times).toBe(1);
    await clock.advance(60_000);
    expect(collected.times).toBe(1);
    await clock.advanceBusy(3_000);
    await clock.advance(12_000);
    expect(collected.times).toBe(2);
  });

  it('collects nothing while it works, or after little work', async () => {
    const { clock, collected } = given();
    await clock.advanceBusy(1_500);
    await clock.advance(30_000);
    expect(collected.times).toBe(0);
    for (let second = 0; second < 30; second += 1) {
      await clock.advanceBusy(100);
      await clock.advance(900);
    }
    expect(collected.times).toBe(0);
  });

  it('looks no more when it ends', async () => {
    const { clock, collected, stop } = given();
    await clock.advanceBusy(3_000);
    stop();
    await clock.advance(30_000);
    expect(collected.times).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('frees what nothing holds any more', async () => {
    const held = new WeakRef({ large: new Array(1_000).fill('x') });
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(held.deref()).toBeUndefined();
  });
});
