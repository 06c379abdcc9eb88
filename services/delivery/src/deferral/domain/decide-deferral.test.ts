import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueState } from '../../queue/domain/subscription-queue.ts';
import { deferOnArrival, deferralRules, isTooOld, rungForDeferral } from './decide-deferral.ts';

const go = { kind: 'go' } as const;
const arrival = {
  admission: go,
  queued: 0,
  hasNeighbours: () => true,
  isThrottled: false,
  takesPerSecond: null,
  bestCasePerSecond: null,
};

describe('deferOnArrival', () => {
  it('queues a command for a short queue', () => {
    expect(deferOnArrival({ ...arrival, queued: deferralRules.maxQueued - 1 })).toBeNull();
  });

  it('defers a command for a full queue only if the partition has neighbours', () => {
    const full = { ...arrival, queued: deferralRules.maxQueued };
    expect(deferOnArrival(full)).toEqual({ reason: 'queue-full', waitMs: 0 });
    expect(deferOnArrival({ ...full, isThrottled: true })).toEqual({ reason: 'rate-limit', waitMs: 0 });
    expect(deferOnArrival({ ...full, hasNeighbours: () => false })).toBeNull();
  });

  it('allows a fast endpoint a longer queue', () => {
    const fast = { ...arrival, takesPerSecond: 2_000 };
    expect(deferOnArrival({ ...fast, queued: 499 })).toBeNull();
    expect(deferOnArrival({ ...fast, queued: 500 })?.reason).toBe('queue-full');
    expect(deferOnArrival({ ...arrival, takesPerSecond: 1, queued: 63 })).toBeNull();
  });

  it('defers a command that a slow endpoint will not process soon, also without neighbours', () => {
    // Commands of other subscriptions behind a long backlog are unknown until the log is read up to them.
    const alone = { ...arrival, hasNeighbours: () => false };
    const takes = (perSecond: number) => ({
      ...alone,
      takesPerSecond: perSecond,
      bestCasePerSecond: perSecond,
    });
    expect(deferOnArrival({ ...takes(10), queued: 99 })).toBeNull();
    expect(deferOnArrival({ ...takes(10), queued: 100 })?.reason).toBe('queue-full');
    expect(deferOnArrival({ ...takes(100), queued: 999 })).toBeNull();
    expect(deferOnArrival({ ...takes(100), queued: 1_000 })?.reason).toBe('queue-full');
    expect(deferOnArrival({ ...alone, queued: 900 })).toBeNull();
  });

  it('keeps a command that this process delays, but defers it if it has neighbours', () => {
    const slowHere = { ...arrival, takesPerSecond: 10, bestCasePerSecond: 5_000, queued: 4_000 };
    expect(deferOnArrival({ ...slowHere, hasNeighbours: () => false })).toBeNull();
    expect(deferOnArrival(slowHere)?.reason).toBe('queue-full');
  });

  it('defers commands behind an open breaker, with or without neighbours', () => {
    const open = {
      ...arrival,
      admission: { kind: 'wait', waitMs: 7_000 } as const,
      hasNeighbours: () => false,
    };
    expect(deferOnArrival(open)).toEqual({ reason: 'breaker-open', waitMs: 7_000 });
  });

  it('limits the queue behind a probe', () => {
    const probing = { ...arrival, admission: { kind: 'probe' } as const };
    expect(deferOnArrival({ ...probing, queued: deferralRules.maxQueuedBehindProbe - 1 })).toBeNull();
    expect(deferOnArrival({ ...probing, queued: deferralRules.maxQueuedBehindProbe })?.reason).toBe(
      'breaker-open',
    );
  });
});

describe('isTooOld', () => {
  const { maxAgeMs, maxAgeAloneMs } = deferralRules;
  const old = (state: QueueState, ageMs: number, rest: Partial<Parameters<typeof isTooOld>[0]> = {}) =>
    isTooOld({
      ...{ state, ageMs, idleAgeMs: ageMs, queued: 1, hasNeighbours: () => true, bestCasePerSecond: null },
      ...rest,
    });

  it('applies the shorter limit only if the endpoint causes the wait and there are neighbours', () => {
    for (const state of ['saturated', 'throttled', 'busy'] as const) {
      expect([old(state, maxAgeMs - 1), old(state, maxAgeMs)]).toEqual([false, true]);
    }
    expect([old('fresh', maxAgeAloneMs - 1), old('fresh', maxAgeAloneMs)]).toEqual([false, true]);
    const alone = { hasNeighbours: () => false };
    expect([old('saturated', maxAgeAloneMs - 1, alone), old('saturated', maxAgeAloneMs, alone)]).toEqual([
      false,
      true,
    ]);
  });

  it('does not count the time in which this process was busy, unless the endpoint is slow too', () => {
    const busy = { hasNeighbours: () => false, idleAgeMs: 100, queued: 900 };
    expect(old('saturated', 60_000, { ...busy, bestCasePerSecond: 100 })).toBe(false);
    expect(old('saturated', 60_000, { ...busy, bestCasePerSecond: 90 })).toBe(true);
    expect(old('saturated', 60_000, busy)).toBe(false);
  });
});

describe('rungForDeferral', () => {
  const rung = (waitMs: number, ahead: number, returnsPerSecond: number) =>
    rungForDeferral({ reason: 'queue-full', waitMs }, { ahead, returnsPerSecond, brokenMs: 0 }).delayMs;

  it('is the wait of the breaker or the time for the backlog, whichever is longer', () => {
    expect(rung(0, 0, 10)).toBe(1_000);
    expect(rung(20_000, 0, 10)).toBe(60_000);
    expect(rung(0, 200, 10)).toBe(60_000);
    expect(rung(20_000, 6_000, 10)).toBe(1_800_000);
    expect(rung(0, 20_000, 10)).toBe(1_800_000);
    expect(rung(0, 24_000, 10)).toBe(7_200_000);
  });

  it('never lengthens a short wait to a much longer rung', () => {
    expect(rung(10_000, 0, 10)).toBe(5_000);
    expect(rung(0, 100, 10)).toBe(5_000);
    expect(rung(70_000, 0, 10)).toBe(60_000);
    expect(rung(500_000, 0, 10)).toBe(300_000);
  });

  it('splits any wait into few passes, at most three times as long', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 36_000_000 }), (waitMs) => {
        let elapsedMs = 0;
        let trips = 0;
        for (; elapsedMs < waitMs; trips += 1) elapsedMs += rung(waitMs - elapsedMs, 0, 10);
        expect(trips).toBeLessThanOrEqual(10);
        expect(elapsedMs).toBeLessThanOrEqual(waitMs * deferralRules.maxOvershootFactor);
      }),
    );
  });

  it('returns the backlog of a failing endpoint in proportion to its growth', () => {
    const hourMs = 3_600_000;
    const perSecond = 10;
    const whileBroken = (ahead: number, brokenMs: number) =>
      rungForDeferral({ reason: 'breaker-open', waitMs: 300_000 }, { ahead, returnsPerSecond: 100, brokenMs })
        .delayMs;
    // After such an outage all commands since then are on the ladder, and the breaker waits 5 minutes.
    for (const brokenMs of [hourMs, 8 * hourMs, 48 * hourMs]) {
      const ahead = (brokenMs / 1_000) * perSecond;
      const delayMs = whileBroken(ahead, brokenMs);
      expect(ahead / (delayMs / 1_000)).toBeLessThanOrEqual(8 * perSecond);
    }
    // A few are harmless: they return together with the probes.
    expect(whileBroken(100, 8 * hourMs)).toBe(300_000);
  });
});
