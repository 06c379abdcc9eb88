import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetTracker } from './offset-tracker.ts';

/** A step of a test with a tracker: which offsets were added, and which of them are done. */
type Step = Readonly<
  { kind: 'add'; gap: number } | { kind: 'done'; pick: number } | { kind: 'skip'; by: number }
>;

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), gap: fc.nat({ max: 3 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('done' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('skip' as const), by: fc.nat({ max: 5 }) }) },
);

function play(start: number, steps: readonly Step[], check: (state: Played) => void): void {
  const tracker = new OffsetTracker(start);
  const tickets = new Map<number, number>();
  const undone = new Set<number>();
  for (const { kind, ...rest } of steps) {
    if (kind === 'add') {
      const offset = tracker.nextOffset + ('gap' in rest ? rest.gap : 0);
      tickets.set(offset, tracker.add(offset, 0));
      undone.add(offset);
    } else if (kind === 'skip') {
      tracker.skipTo(tracker.nextOffset + ('by' in rest ? rest.by : 0));
    } else if (tickets.size > 0) {
      const offset = [...tickets.keys()][('pick' in rest ? rest.pick : 0) % tickets.size] ?? 0;
      expect(tracker.done(tickets.get(offset) ?? -1)).toBe(undone.has(offset));
      undone.delete(offset);
    }
    check({ tracker, undone });
  }
}

type Played = Readonly<{ tracker: OffsetTracker; undone: ReadonlySet<number> }>;

describe('OffsetTracker', () => {
  it('is committable up to the oldest record that is not done, in whatever order records finish', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), fc.array(step, { maxLength: 200 }), (start, steps) => {
        let last = start;
        play(start, steps, ({ tracker, undone }) => {
          const expected = undone.size === 0 ? tracker.nextOffset : Math.min(...undone);
          expect(tracker.committable).toBe(expected);
          expect(tracker.pending).toBe(undone.size);
          expect(tracker.committable).toBeGreaterThanOrEqual(last);
          last = tracker.committable;
        });
      }),
    );
  });

  it('keeps its position when more is pending than its initial capacity', () => {
    const tracker = new OffsetTracker(0);
    const tickets = Array.from({ length: 5_000 }, (_, n) => tracker.add(n * 2, n));
    for (const ticket of tickets.slice(1).reverse()) tracker.done(ticket);
    expect({ committable: tracker.committable, pending: tracker.pending, span: tracker.span }).toEqual({
      committable: 0,
      pending: 1,
      span: 5_000,
    });
    expect(tracker.oldestTimestampMs).toBe(0);
    tracker.done(tickets[0] ?? -1);
    expect(tracker.oldestTimestampMs).toBeUndefined();
    expect(tracker.committable).toBe(9_999);
    expect(tracker.span).toBe(0);
  });

  it('accepts no record twice', () => {
    const tracker = new OffsetTracker(7);
    const ticket = tracker.add(7, 0);
    expect(() => tracker.add(7, 0)).toThrow('offset 7 was seen before: the next one is 8');
    expect(tracker.done(ticket)).toBe(true);
    expect(tracker.done(ticket)).toBe(false);
    expect(tracker.pending).toBe(0);
  });

  it('does not move once the partition is no longer owned', () => {
    const tracker = new OffsetTracker(3);
    const ticket = tracker.add(3, 0);
    tracker.close();
    expect(tracker.done(ticket)).toBe(false);
    expect(tracker.committable).toBe(3);
  });
});
