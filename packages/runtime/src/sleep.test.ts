import { describe, expect, it } from 'vitest';
import { sleep } from './index.ts';
import { fakeClock } from './testing.ts';

describe('sleep', () => {
  it('resolves when the time has passed', async () => {
    const clock = fakeClock();
    let isOver = false;
    void sleep(clock, 100).then(() => {
      isOver = true;
    });
    await clock.advance(99);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(isOver).toBe(true);
  });

  it('resolves when the signal aborts, and leaves no timer', async () => {
    const clock = fakeClock();
    const closing = new AbortController();
    const sleeping = sleep(clock, 100, closing.signal);
    expect(clock.pendingTimers).toBe(1);
    closing.abort();
    await sleeping;
    expect(clock.pendingTimers).toBe(0);
  });

  it('resolves at once when the signal has aborted before', async () => {
    const clock = fakeClock();
    await sleep(clock, 100, AbortSignal.abort());
    expect(clock.pendingTimers).toBe(0);
  });
});
