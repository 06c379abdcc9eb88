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
  it('queues what comes to a short queue', () => {
    expect(deferOnArrival({ ...arrival, queued: deferralRules.maxQueued - 1 })).toBeNull();
  });

  it('puts aside what comes to a full queue while others come through the partition, and only then', () => {
    const full = { ...arrival, queued: deferralRules.maxQueued };
    expect(deferOnArrival(full)).toEqual({ reason: 'queue-full', waitMs: 0 });
    expect(deferOnArrival({ ...full, isThrottled: true })).toEqual({ reason: 'rate-limit', waitMs: 0 });
    expect(deferOnArrival({ ...full, hasNeighbours: () => false })).toBeNull();
  });

  it('lets a fast endpoint have a longer queue', () => {
    const fast = { ...arrival, takesPerSecond: 2_000 };
    expect(deferOnArrival({ ...fast, queued: 499 })).toBeNull();
    expect(deferOnArrival({ ...fast, queued: 500 })?.reason).toBe('queue-full');
    expect(deferOnArrival({ ...arrival, takesPerSecond: 1, queued: 63 })).toBeNull();
  });

  it('puts aside what a slow endpoint will not take soon, also while nobody else is in sight', () => {
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

  it('keeps what waits because this side is slow, but lets it leave where it would hold up somebody else', () => {
    const slowHere = { ...arrival, takesPerSecond: 10, bestCasePerSecond: 5_000, queued: 4_000 };
    expect(deferOnArrival({ ...slowHere, hasNeighbours: () => false })).toBeNull();
    expect(deferOnArrival(slowHere)?.reason).toBe('queue-full');
  });

  it('puts aside what an open breaker does not let through, alone or not', () => {
    const open = {
      ...arrival,
      admission: { kind: 'wait', waitMs: 7_000 } as const,
      hasNeighbours: () => false,
    };
    expect(deferOnArrival(open)).toEqual({ reason: 'breaker-open', waitMs: 7_000 });
  });

  it('keeps the queue behind a probe short', () => {
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

  it('comes early only when the endpoint itself is what the command waits for, and others come behind it', () => {
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

  it('does not count the time in which this process was busy, unless the endpoint is slow all the same', () => {
    const busy = { hasNeighbours: () => false, idleAgeMs: 100, queued: 900 };
    expect(old('saturated', 60_000, { ...busy, bestCasePerSecond: 100 })).toBe(false);
    expect(old('saturated', 60_000, { ...busy, bestCasePerSecond: 90 })).toBe(true);
    expect(old('saturated', 60_000, busy)).toBe(false);
  });
});

describe('rungForDeferral', () => {
  const rung = (waitMs: number, ahead: number, returnsPerSecond: number) =>
    rungForDeferral({ reason: 'queue-full', waitMs }, { ahead, returnsPerSecond, brokenMs: 0 }).delayMs;

  it('is what the breaker asks or what the backlog takes, whichever is longer', () => {
    expect(rung(0, 0, 10)).toBe(1_000);
    expect(rung(20_000, 0, 10)).toBe(60_000);
    expect(rung(0, 200, 10)).toBe(60_000);
    expect(rung(20_000, 6_000, 10)).toBe(1_800_000);
    expect(rung(0, 20_000, 10)).toBe(1_800_000);
    expect(rung(0, 24_000, 10)).toBe(7_200_000);
  });

  it('never stretches a short wait to a rung many times as long', () => {
    expect(rung(10_000, 0, 10)).toBe(5_000);
    expect(rung(0, 100, 10)).toBe(5_000);
    expect(rung(70_000, 0, 10)).toBe(60_000);
    expect(rung(500_000, 0, 10)).toBe(300_000);
  });

  it('makes any wait of few trips, and never more than three times as long', () => {
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

  it('lets the backlog of a broken endpoint come back no faster than in proportion to how it grew', () => {
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
