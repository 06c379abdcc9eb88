import { describe, expect, it } from 'vitest';
import { advancedTo, heldFromMs, progressOf, type RebuiltPartition, topicHeldFromMs } from './rebuild.ts';

const aPartition = (over: Partial<RebuiltPartition> = {}): RebuiltPartition => ({
  ...{ topic: 'tidings.attempts', partition: 0, low: 0, end: 100, next: 0, firstMs: 1_000 },
  ...over,
});

describe('the time from which on the log has everything', () => {
  it('is the beginning of a partition from which nothing was removed', () => {
    expect(heldFromMs(aPartition())).toBe(-Infinity);
    expect(heldFromMs(aPartition({ end: 0, firstMs: null }))).toBe(-Infinity);
  });

  it('is that of its first record, with a margin for clocks that differ', () => {
    expect(heldFromMs(aPartition({ low: 7 }))).toBe(1_000 + 600_000);
  });

  it('is never, for one that has lost everything', () => {
    expect(heldFromMs(aPartition({ low: 100, firstMs: null }))).toBe(Infinity);
  });

  it('is the latest of the partitions of a topic, since a delivery does not say its own', () => {
    const others = [
      aPartition({ low: 7, firstMs: 5_000 }),
      aPartition({ topic: 'tidings.events', low: 9, firstMs: 9e9 }),
    ];
    expect(topicHeldFromMs([aPartition(), ...others], 'tidings.attempts')).toBe(605_000);
    expect(topicHeldFromMs([aPartition()], 'tidings.attempts')).toBe(-Infinity);
    expect(topicHeldFromMs([aPartition({ low: 100, firstMs: null })], 'tidings.attempts')).toBe(Infinity);
  });
});

it('counts records, those before the start of the log not', () => {
  const partitions = [aPartition({ low: 10, next: 10 }), aPartition({ partition: 1, end: 50 })];
  expect(progressOf(partitions)).toEqual({ total: 140, done: 0 });
  expect(progressOf(advancedTo(partitions, { topic: 'tidings.attempts', partition: 0 }, 60))).toEqual({
    total: 140,
    done: 50,
  });
});
