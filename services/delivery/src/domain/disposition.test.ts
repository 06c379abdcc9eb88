import { describe, expect, it } from 'vitest';
import { aState, aSubscription } from '../../test/builders.ts';
import { dispositionOf, maxUnknownMs } from './disposition.ts';

const nowMs = 1_000_000;

describe('dispositionOf', () => {
  it('attempts a command that is due', () => {
    const subscription = aSubscription();
    expect(dispositionOf(aState(), subscription, nowMs)).toEqual({ kind: 'attempt', subscription });
    expect(dispositionOf(aState({ notBeforeMs: nowMs }), subscription, nowMs).kind).toBe('attempt');
  });

  it('makes a command wait for the remaining time until it is due', () => {
    const state = aState({ notBeforeMs: nowMs + 70_000 });
    expect(dispositionOf(state, aSubscription(), nowMs)).toEqual({ kind: 'wait', remainingMs: 70_000 });
  });

  it('suppresses for a deleted subscription and dead-letters for a disabled one, due or not', () => {
    const state = aState({ notBeforeMs: nowMs + 70_000 });
    expect(dispositionOf(state, aSubscription({ state: 'deleted' }), nowMs).kind).toBe('suppress');
    expect(dispositionOf(state, aSubscription({ state: 'disabled' }), nowMs)).toEqual({
      kind: 'dead-letter',
      reason: 'disabled',
    });
  });

  it('waits for a subscription that is unknown, or known in an older version', () => {
    expect(dispositionOf(aState(), undefined, nowMs).kind).toBe('await-subscription');
    const older = aSubscription({ version: 1, state: 'disabled' });
    expect(dispositionOf(aState({ subscriptionVersion: 2 }), older, nowMs).kind).toBe('await-subscription');
  });

  it('accepts a version that is newer than that of the command', () => {
    expect(dispositionOf(aState(), aSubscription({ version: 9 }), nowMs).kind).toBe('attempt');
  });

  it('stops waiting for an unknown subscription after the maximum, counted from the first wait of the command', () => {
    let waitedMs = 0;
    let deferrals = 0;
    for (;;) {
      const disposition = dispositionOf(aState({ acceptedAtMs: 0, deferrals }), undefined, nowMs + waitedMs);
      if (disposition.kind !== 'await-subscription') {
        expect(disposition).toEqual({ kind: 'dead-letter', reason: 'unknown-subscription' });
        break;
      }
      waitedMs += disposition.rung.delayMs;
      deferrals += 1;
    }
    expect(waitedMs).toBeGreaterThanOrEqual(maxUnknownMs);
    expect(waitedMs).toBeLessThan(maxUnknownMs + 10_000);
  });
});
