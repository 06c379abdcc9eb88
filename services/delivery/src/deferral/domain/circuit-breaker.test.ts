import { describe, expect, it } from 'vitest';
import { breakerRules, CircuitBreaker } from './circuit-breaker.ts';

const opened = (): CircuitBreaker => {
  const breaker = new CircuitBreaker();
  for (let n = 0; n < breakerRules.consecutiveFailures; n += 1) breaker.record(1, 0);
  return breaker;
};

describe('CircuitBreaker', () => {
  it('admits all while closed', () => {
    const breaker = new CircuitBreaker();
    for (let n = 1; n < breakerRules.consecutiveFailures; n += 1) expect(breaker.record(1, n)).toBe(false);
    expect(breaker.admit(0)).toEqual({ kind: 'go' });
  });

  it('opens after consecutive failures, however far apart', () => {
    const breaker = new CircuitBreaker();
    const hourMs = 3_600_000;
    for (let n = 1; n < breakerRules.consecutiveFailures; n += 1) breaker.record(1, n * hourMs);
    expect(breaker.record(1, 99 * hourMs)).toBe(true);
    expect(breaker.state).toBe('open');
  });

  it('opens sooner after timeouts, which count twice', () => {
    const breaker = new CircuitBreaker();
    expect([breaker.record(2, 0), breaker.record(2, 1), breaker.record(2, 2)]).toEqual([false, false, true]);
  });

  it('opens when half of the recent requests failed, and discounts old failures', () => {
    const flapping = new CircuitBreaker();
    for (let n = 0; n < 40 && flapping.state === 'closed'; n += 1)
      flapping.record(n % 2 === 0 ? 1 : 0, n * 100);
    expect(flapping.state).toBe('open');
    const seldom = new CircuitBreaker();
    for (let n = 0; n < 1_000; n += 1) seldom.record(n % 2 === 0 ? 1 : 0, n * 10_000);
    expect(seldom.state).toBe('closed');
    const mostlyFine = new CircuitBreaker();
    for (let n = 0; n < 1_000; n += 1) mostlyFine.record(n % 3 === 0 ? 1 : 0, n * 10);
    expect(mostlyFine.state).toBe('closed');
  });

  it('returns the remaining wait while open', () => {
    const breaker = opened();
    expect(breaker.admit(0)).toEqual({ kind: 'wait', waitMs: 10_000 });
    expect(breaker.admit(9_000)).toEqual({ kind: 'wait', waitMs: 1_000 });
  });

  it('becomes half-open after its wait, and closes at the first success', () => {
    const breaker = opened();
    expect(breaker.admit(10_000)).toEqual({ kind: 'probe' });
    expect(breaker.state).toBe('half-open');
    expect(breaker.record(0, 10_100)).toBe(true);
    expect(breaker.admit(10_100)).toEqual({ kind: 'go' });
    expect(breaker.isBlank).toBe(true);
  });

  it('doubles its wait after each failed probe, up to a maximum', () => {
    const breaker = opened();
    let nowMs = 0;
    const waits: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      const admission = breaker.admit(nowMs);
      const waitMs = admission.kind === 'wait' ? admission.waitMs : 0;
      waits.push(waitMs);
      nowMs += waitMs;
      expect(breaker.admit(nowMs).kind).toBe('probe');
      breaker.record(1, nowMs);
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  });

  it('is failing from the first failure to the next success', () => {
    const breaker = new CircuitBreaker();
    expect(breaker.isFailing).toBe(false);
    breaker.record(1, 0);
    expect(breaker.isFailing).toBe(true);
    breaker.record(0, 1);
    expect(breaker.isFailing).toBe(false);
    expect(opened().isFailing).toBe(true);
  });

  it('returns the duration of the outage, failed probes included', () => {
    const breaker = opened();
    expect(breaker.brokenMs(4_000)).toBe(4_000);
    breaker.admit(10_000);
    expect(breaker.brokenMs(10_000)).toBe(10_000);
    breaker.record(1, 10_000);
    expect(breaker.brokenMs(15_000)).toBe(15_000);
    breaker.admit(30_000);
    breaker.record(0, 30_000);
    expect(breaker.brokenMs(40_000)).toBe(0);
  });

  it('ignores requests that were in flight when it opened', () => {
    const breaker = opened();
    expect(breaker.record(0, 100)).toBe(false);
    expect(breaker.record(1, 200)).toBe(false);
    expect(breaker.admit(1_000)).toEqual({ kind: 'wait', waitMs: 9_000 });
  });

  it('admits a manual request as a probe', () => {
    const breaker = opened();
    expect(breaker.admitAnyway()).toEqual({ kind: 'probe' });
    breaker.record(0, 1);
    expect(breaker.state).toBe('closed');
  });
});
