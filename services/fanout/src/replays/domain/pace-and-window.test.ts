import { deliveryId, subscriptionId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';
import { SendWindow } from './send-window.ts';

/** Returns how many are allowed until `untilMs`, each as soon as possible. */
const allowed = (pace: Pace, untilMs: number): number => {
  let count = 0;
  for (let nowMs = 0; ; nowMs += pace.delayMs(nowMs)) {
    if (nowMs >= untilMs) return count;
    if (pace.delayMs(nowMs) > 0) continue;
    pace.take(nowMs);
    count += 1;
  }
};

describe('the pace of a replay', () => {
  it.each([1, 7, 100, 1_000])('is %i a second, and at most a tenth of a second more at once', (rate) => {
    const sent = allowed(new Pace(rate), 10_000);
    expect(sent).toBeGreaterThanOrEqual(rate * 10);
    expect(sent).toBeLessThanOrEqual(rate * 10.1 + 1);
  });
});

describe('the window of a replay', () => {
  const endpoint = { id: subscriptionId('sub_1'), isOrdered: false };
  const queue = { id: subscriptionId('sub_2'), isOrdered: true };
  const delivery = (n: number) => deliveryId(`dlv_${String(n).padStart(32, '0')}`);

  it('counts what was sent and has no attempt yet, by endpoint', () => {
    const window = new SendWindow(10);
    for (const n of [1, 2, 3]) window.sent(endpoint.id, delivery(n), 0);
    window.sent(queue.id, delivery(1), 0);
    window.ended(endpoint.id, delivery(2));
    window.ended(endpoint.id, delivery(9));
    expect(window.waiting(endpoint, 0)).toBe(2);
    expect(window.waiting(queue, 0)).toBe(1);
  });

  it('forgets what is never heard of again, later for an ordered queue', () => {
    const window = new SendWindow(10);
    for (const { id } of [endpoint, queue]) {
      window.sent(id, delivery(1), 0);
      window.sent(id, delivery(2), 4_000);
    }
    expect(window.waiting(endpoint, 6_000)).toBe(1);
    expect(window.waiting(endpoint, 60_000)).toBe(0);
    expect(window.isWaiting(endpoint.id)).toBe(false);
    expect(window.waiting(queue, 6_000)).toBe(2);
    expect(window.waiting(queue, 60_000)).toBe(0);
  });
});
