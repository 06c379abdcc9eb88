import { describe, expect, it } from 'vitest';
import {
  bestCasePerSecond,
  countRequest,
  EndpointStates,
  endpointMs,
  failureWeightOf,
  returnsPerSecond,
  takesPerSecond,
} from './endpoint-states.ts';

describe('endpointMs', () => {
  it('subtracts the iterations of the event loop that a request itself needs', () => {
    expect(endpointMs(2_000, 1)).toBe(0);
    expect(endpointMs(2_000, 6)).toBe(0);
    expect(endpointMs(2_000, 12)).toBe(1_000);
    expect(endpointMs(2_000, 2_000)).toBeCloseTo(1_994);
  });
});

describe('the state of an endpoint', () => {
  const failed = (statusCode: number | null) =>
    ({ kind: 'failed', reason: 'http-status', statusCode, responseExcerpt: null }) as const;
  const delivered = { kind: 'delivered', statusCode: 200, responseExcerpt: null } as const;

  it.each([
    [null, 1],
    [500, 1],
    [503, 1],
    [429, 1],
    [404, 0],
    [410, 0],
    [302, 0],
  ])('weighs status %s as a failure of %i', (statusCode, expected) => {
    expect(failureWeightOf(failed(statusCode))).toBe(expected);
  });

  it('weighs a status whose body failed like no response', () => {
    expect(failureWeightOf({ ...failed(200), reason: 'reset' })).toBe(1);
    expect(failureWeightOf({ ...failed(404), reason: 'protocol' })).toBe(1);
    expect(failureWeightOf({ ...failed(200), reason: 'timeout' })).toBe(2);
  });

  it('weighs a timeout as 2 and a delivery as 0', () => {
    expect(failureWeightOf({ ...failed(null), reason: 'timeout' })).toBe(2);
    expect(failureWeightOf(delivered)).toBe(0);
  });

  it('derives the capacity from concurrency, speed and rate limit', () => {
    expect(takesPerSecond({ averageMs: 8_000, quietMs: 0 }, { maxInFlight: 10, rateLimit: null })).toBe(1.25);
    expect(
      takesPerSecond(
        { averageMs: 10, quietMs: 0 },
        { maxInFlight: 10, rateLimit: { perSecond: 3, burst: 1 } },
      ),
    ).toBe(3);
    expect(takesPerSecond({ averageMs: null, quietMs: 0 }, { maxInFlight: 10, rateLimit: null })).toBe(500);
  });

  it('bounds the capacity by how long no request in flight has ended', () => {
    expect(takesPerSecond({ averageMs: 10, quietMs: 5_000 }, { maxInFlight: 10, rateLimit: null })).toBe(2);
  });

  it('returns deferred commands as fast as the endpoint processes them', () => {
    const slow = { averageMs: 1_000, quietMs: 900, isFailing: false };
    expect(returnsPerSecond(slow, { maxInFlight: 10, rateLimit: null })).toBe(10);
    const fast = { averageMs: 10, quietMs: 0, isFailing: false };
    expect(returnsPerSecond(fast, { maxInFlight: 10, rateLimit: null })).toBe(1_000);
  });

  it('ignores brief silence, and timeouts of a failing endpoint, for the return rate', () => {
    const silent = { averageMs: 10, quietMs: 9_000, isFailing: false };
    expect(returnsPerSecond(silent, { maxInFlight: 10, rateLimit: null })).toBe(100);
    const broken = { averageMs: 10_000, quietMs: 0, isFailing: true };
    expect(returnsPerSecond(broken, { maxInFlight: 10, rateLimit: null })).toBe(100);
    expect(returnsPerSecond(broken, { maxInFlight: 10, rateLimit: { perSecond: 2, burst: 1 } })).toBe(2);
  });

  it('averages durations of successes and timeouts, not of other failures', () => {
    const endpointState = new EndpointStates().of('a', 0);
    countRequest(endpointState, failed(null), { durationMs: 1, endpointMs: 1, nowMs: 0 });
    expect(endpointState.averageMs).toBeNull();
    expect(bestCasePerSecond(endpointState, { maxInFlight: 6, rateLimit: null })).toBeNull();
    countRequest(endpointState, delivered, { durationMs: 100, endpointMs: 10, nowMs: 0 });
    countRequest(endpointState, delivered, { durationMs: 200, endpointMs: 20, nowMs: 0 });
    expect(endpointState.averageMs).toBeCloseTo(120);
    expect(bestCasePerSecond(endpointState, { maxInFlight: 6, rateLimit: null })).toBeCloseTo(500);
    countRequest(
      endpointState,
      { ...failed(null), reason: 'timeout' },
      { durationMs: 10_120, endpointMs: 10_012, nowMs: 0 },
    );
    expect(endpointState.averageMs).toBeCloseTo(2_120);
    expect(endpointState.averageEndpointMs).toBeCloseTo(2_012);
  });

  it('is discarded when unused and without state, and only then', () => {
    const endpointStates = new EndpointStates();
    endpointStates.of('idle', 0);
    endpointStates.of('deferred', 0).deferred = 1;
    endpointStates.of('failing', 0).breaker.record(1, 0);
    endpointStates.forgetUnused(1);
    expect(endpointStates.size).toBe(2);
  });
});
