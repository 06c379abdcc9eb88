import { expect, it } from 'vitest';
import { ConcurrencyLimit } from './concurrency-limit.ts';

const bounds = { least: 10, most: 1_000, targetMs: 50 };

/** Creates a limit, and a function that answers a window of requests: 25 in 100 ms, with these waits in turn. */
function aLimit() {
  const limit = new ConcurrencyLimit(bounds);
  let nowMs = 0;
  const windows = (count: number, inProgress: number, ...waits: readonly number[]): number => {
    for (let window = 0; window < count; window += 1) {
      for (let at = 0; at < 25; at += 1) {
        limit.answered(waits[at % waits.length] ?? 0, { nowMs: nowMs + (at * 100) / 24, inProgress });
      }
      nowMs += 104;
    }
    return limit.value;
  };
  return { limit, windows };
}

it('falls from what is in progress, in proportion to the waits, once they stay above the target', () => {
  const { windows } = aLimit();
  // One late window alone is a pause of the log or of this process.
  expect(windows(1, 300, 100)).toBe(1_000);
  expect(windows(1, 300, 100)).toBe(150);
});

it('falls by at most a half in a window, by a tenth at least, and to no less than the least', () => {
  const { windows } = aLimit();
  windows(1, 400, 4_000);
  expect(windows(1, 400, 4_000)).toBe(200);
  // Only an eighth of the waits is late, and their mean is not.
  expect(windows(1, 400, 60, 1, 1, 1, 1, 1, 1)).toBe(180);
  expect(windows(30, 400, 4_000)).toBe(10);
});

it('rises while hardly any wait is late, up to the most, and stays while some are', () => {
  const { windows } = aLimit();
  windows(30, 400, 4_000);
  expect(windows(1, 10, 5)).toBe(12);
  // Two of 25.
  expect(windows(1, 10, 60, ...Array.from({ length: 12 }, () => 1))).toBe(12);
  expect(windows(60, 10, 5)).toBe(1_000);
});

it('falls when nothing is answered for a second, and every 100 ms from then on', () => {
  const { limit } = aLimit();
  const at = (nowMs: number, waiting: number): number => {
    limit.arrived({ nowMs, inProgress: 400 }, waiting);
    return limit.value;
  };
  expect([at(0, 0), at(999, 5), at(1_000, 6), at(1_099, 6), at(1_100, 6)]).toEqual([
    1_000, 1_000, 200, 200, 100,
  ]);
  limit.answered(1, { nowMs: 1_150, inProgress: 400 });
  expect(at(2_100, 6)).toBe(100);
});

it('does not take a time in which nobody waited for one without answers', () => {
  const { limit } = aLimit();
  limit.arrived({ nowMs: 0, inProgress: 0 }, 0);
  limit.arrived({ nowMs: 60_000, inProgress: 0 }, 0);
  expect(limit.value).toBe(1_000);
});
