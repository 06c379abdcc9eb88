import { deliveryId, endOfRequest, type FailureReason, failureReasons } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { hex } from '../../test/builders.ts';
import { defaultNotRetried, dueUnder, jitterOf, nextStep } from './retry-policy.ts';

const nowMs = 1_000_000;
const failed = (reason: FailureReason = 'http-status', statusCode: number | null = 500) =>
  ({ kind: 'failed', reason, statusCode, responseExcerpt: null }) as const;

const decide = (overrides: Partial<Parameters<typeof nextStep>[0]> = {}) =>
  nextStep({
    outcome: failed(),
    position: 0,
    rules: { scheduleSeconds: [5, 60], notRetried: defaultNotRetried },
    retryAfterMs: null,
    jitter: 0,
    blocks: false,
    nowMs,
    ...overrides,
  });

describe('nextStep', () => {
  it('ends after a delivery', () => {
    expect(decide({ outcome: { kind: 'delivered', statusCode: 200, responseExcerpt: null } })).toEqual({
      kind: 'none',
    });
  });

  it('uses the wait at the position', () => {
    expect(decide()).toEqual({ kind: 'retry', atMs: nowMs + 5_000 });
    expect(decide({ position: 1 })).toEqual({ kind: 'retry', atMs: nowMs + 60_000 });
  });

  it('ends when the schedule is used up', () => {
    expect(decide({ position: 2 })).toEqual({ kind: 'dead-letter', reason: 'exhausted' });
    expect(decide({ rules: { scheduleSeconds: [], notRetried: defaultNotRetried } })).toEqual({
      kind: 'dead-letter',
      reason: 'exhausted',
    });
  });

  it('ignores a leading 0, and only that', () => {
    const rules = { scheduleSeconds: [0, 5, 0], notRetried: defaultNotRetried };
    expect(decide({ rules })).toEqual({ kind: 'retry', atMs: nowMs + 5_000 });
    expect(decide({ rules, position: 1 })).toEqual({ kind: 'retry', atMs: nowMs });
    expect(decide({ rules, position: 2 })).toEqual({ kind: 'dead-letter', reason: 'exhausted' });
  });

  const ending: readonly FailureReason[] = ['gone', 'blocked-address', 'invalid-url'];

  it.each(failureReasons.filter((reason) => !ending.includes(reason)))('retries %s', (reason) => {
    expect(decide({ outcome: failed(reason, null) }).kind).toBe('retry');
  });

  it.each(ending)('does not retry %s', (reason) => {
    expect(decide({ outcome: failed(reason, null) })).toEqual({ kind: 'dead-letter', reason: 'not-retried' });
  });

  it.each([301, 302, 307, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504])(
    'retries status %d',
    (status) =>
      expect(
        decide({ outcome: endOfRequest({ kind: 'response', status, body: Buffer.alloc(0) }) }).kind,
      ).toBe('retry'),
  );

  it('ends after a status of 410, and only that', () => {
    expect(
      decide({ outcome: endOfRequest({ kind: 'response', status: 410, body: Buffer.alloc(0) }) }).kind,
    ).toBe('dead-letter');
  });

  it('retries at the last wait without end if the queue is blocking', () => {
    expect(decide({ blocks: true, position: 9 })).toEqual({ kind: 'retry', atMs: nowMs + 60_000 });
    const blocked = failed('blocked-address', null);
    expect(decide({ blocks: true, position: 9, outcome: blocked }).kind).toBe('retry');
    expect(decide({ blocks: true, outcome: failed('gone', 410) }).kind).toBe('dead-letter');
    const rules = { scheduleSeconds: [1], notRetried: defaultNotRetried };
    expect(decide({ blocks: true, position: 1, rules })).toEqual({ kind: 'retry', atMs: nowMs + 5_000 });
  });

  it('shortens a running wait only for a shorter schedule, and ends the wait of a blocked head under skip', () => {
    const last = { atMs: nowMs, durationMs: 40, statusCode: 500 as number, reason: 'http-status' };
    const waiting = { notBeforeMs: nowMs + 3_600_000, position: 1, attempts: [last] };
    const due = (schedule: readonly number[], state = waiting, onExhausted: 'block' | 'skip' = 'skip') =>
      dueUnder(state, { retryScheduleSeconds: schedule, onExhausted });
    expect(due([3_600])).toBe(waiting.notBeforeMs);
    expect(due([7_200])).toBe(waiting.notBeforeMs);
    expect(due([0, 10])).toBe(nowMs + 40 + 11_000);
    expect(due([10], { ...waiting, attempts: [{ ...last, statusCode: 429 }] })).toBe(waiting.notBeforeMs);
    const broken = { ...last, statusCode: 503, reason: 'timeout' };
    expect(due([10], { ...waiting, attempts: [broken] })).toBe(waiting.notBeforeMs);
    expect(due([10], { ...waiting, position: 2 })).toBeNull();
    expect(due([10], { ...waiting, position: 2 }, 'block')).toBe(nowMs + 40 + 11_000);
    expect(due([10], { ...waiting, attempts: [] })).toBe(waiting.notBeforeMs);
  });

  it('lengthens a wait by a jitter of at most a tenth', () => {
    expect(decide({ jitter: 0.5 })).toEqual({ kind: 'retry', atMs: nowMs + 5_250 });
    expect(decide({ jitter: 0.999_999, position: 1 })).toEqual({ kind: 'retry', atMs: nowMs + 66_000 });
  });

  it('lengthens a wait to Retry-After, and never shortens it', () => {
    expect(decide({ retryAfterMs: 30_000 })).toEqual({ kind: 'retry', atMs: nowMs + 30_000 });
    expect(decide({ retryAfterMs: 1_000 })).toEqual({ kind: 'retry', atMs: nowMs + 5_000 });
    expect(decide({ retryAfterMs: 30_000, position: 2 })).toEqual({
      kind: 'dead-letter',
      reason: 'exhausted',
    });
  });
});

it('spreads deliveries and attempts evenly over 0 to 1', () => {
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let n = 0; n < 5_000; n += 1) {
    const id = deliveryId(`dlv_${hex(n)}`);
    for (const attempt of [1, 2]) {
      const jitter = jitterOf({ deliveryId: id, chain: 0, attempt });
      expect(jitter).toBeGreaterThanOrEqual(0);
      expect(jitter).toBeLessThan(1);
      const at = Math.floor(jitter * 10);
      buckets[at] = (buckets[at] ?? 0) + 1;
    }
  }
  for (const count of buckets) expect(count).toBeGreaterThan(700);
});

it('is equal for every copy and differs between attempts and chains', () => {
  const state = { deliveryId: deliveryId(`dlv_${hex(1)}`), chain: 0, attempt: 1 };
  expect(jitterOf(state)).toBe(jitterOf({ ...state }));
  expect(jitterOf({ ...state, attempt: 2 })).not.toBe(jitterOf(state));
  expect(jitterOf({ ...state, chain: 1 })).not.toBe(jitterOf(state));
});
