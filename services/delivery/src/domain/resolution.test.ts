import { type CompletedRequest, endOfRequest, exchangeText, ladder } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { aState, aSubscription, startMs } from '../../test/builders.ts';
import { conclude } from './attempt.ts';
import { resolutionOfAttempt, resolutionOfDeferral, resolutionOfDisposition } from './resolution.ts';
import { defaultNotRetried } from './retry-policy.ts';

const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 1, bodyMs: 0, totalMs: 2 };
type Answer = Extract<CompletedRequest, { kind: 'response' }>;

const response = (status: number, headers: Record<string, string> = {}): Answer => ({
  kind: 'response',
  status,
  headers,
  body: Buffer.from('body'),
  truncated: false,
  timings,
});

const exchange = exchangeText({ phases: { firstByteMs: 1, totalMs: 2 }, request: { headers: {} } });

const after = (sent: CompletedRequest, state = aState()) => {
  const prepared = { state, subscription: aSubscription({ version: 3 }), atMs: startMs };
  const ended = { sent, outcome: endOfRequest(sent), exchange };
  const attempted = conclude(prepared, ended, { endedAtMs: startMs + 40, durationMs: 40, endpointMs: 38 });
  return resolutionOfAttempt(attempted, defaultNotRetried, false);
};

describe('resolutionOfAttempt', () => {
  it.each([200, 201, 204, 299])('records %i as delivered, without a follow-up', (status) => {
    const { attemptEvent, followUp } = after(response(status));
    expect(attemptEvent?.outcome).toEqual({ kind: 'delivered', statusCode: status, responseExcerpt: 'body' });
    expect(attemptEvent).toMatchObject({ subscriptionVersion: 3, exchange });
    expect(followUp).toEqual({ kind: 'none' });
  });

  it.each([
    [301, 'redirect'],
    [307, 'redirect'],
    [400, 'http-status'],
    [404, 'http-status'],
    [429, 'rate-limited'],
    [500, 'http-status'],
    [503, 'http-status'],
  ])('records %i as failed with %s, followed by the next command', (status, reason) => {
    const { attemptEvent, followUp } = after(response(status));
    expect(attemptEvent?.outcome).toMatchObject({ kind: 'failed', reason, statusCode: status });
    expect(attemptEvent?.next.kind).toBe('retry');
    expect(followUp).toMatchObject({
      kind: 'command',
      rung: { delayMs: 5_000 },
      state: {
        attempt: 2,
        position: 1,
        trigger: 'retry',
        deferrals: 0,
        firstAttemptAtMs: startMs,
        attempts: [{ atMs: startMs, statusCode: status, reason, durationMs: 40 }],
      },
    });
  });

  it('has the same time in the attempt event and in the next command', () => {
    const { attemptEvent, followUp } = after(response(500));
    const atMs = attemptEvent?.next.kind === 'retry' ? attemptEvent.next.atMs : undefined;
    expect(followUp.kind === 'command' && followUp.state.notBeforeMs).toBe(atMs);
    expect(atMs).toBeGreaterThanOrEqual(startMs + 40 + 5_000);
    expect(atMs).toBeLessThanOrEqual(startMs + 40 + 5_500);
  });

  it('computes the same wait for two copies of one attempt', () => {
    expect(after(response(500))).toEqual(after(response(500)));
  });

  it('honours Retry-After of 429 and 503 and of nothing else', () => {
    const requested = { 'retry-after': '3600' };
    const delayOf = (status: number) => {
      const { attemptEvent } = after(response(status, requested));
      return attemptEvent?.next.kind === 'retry' ? attemptEvent.next.atMs - startMs - 40 : 0;
    };
    expect(delayOf(429)).toBe(3_600_000);
    expect(delayOf(503)).toBe(3_600_000);
    expect(delayOf(500)).toBeLessThan(6_000);
    const { followUp } = after(response(503, requested));
    expect(followUp).toMatchObject({ rung: { delayMs: 1_800_000 } });
  });

  it('names the ordering key of the event, if it has one', () => {
    const { attemptEvent } = after(response(200), aState({ orderingKey: 'ord_7' }));
    expect(attemptEvent?.orderingKey).toBe('ord_7');
    expect(after(response(200)).attemptEvent).not.toHaveProperty('orderingKey');
  });

  it('ends with a dead letter that lists every attempt', () => {
    const earlier = { atMs: 1, statusCode: 500, reason: 'http-status', durationMs: 2 };
    const state = aState({ attempt: 8, position: 7, attempts: [earlier], firstAttemptAtMs: 1 });
    const { attemptEvent, followUp } = after(response(502), state);
    expect(attemptEvent?.next).toEqual({ kind: 'dead-letter', reason: 'exhausted' });
    expect(followUp).toMatchObject({
      kind: 'dead-letter',
      reason: 'exhausted',
      state: { attempt: 8, firstAttemptAtMs: 1, attempts: [earlier, { statusCode: 502 }] },
    });
  });

  it('ends at 410 without another attempt', () => {
    expect(after(response(410))).toMatchObject({
      attemptEvent: { outcome: { kind: 'failed', reason: 'gone' } },
      followUp: { kind: 'dead-letter', reason: 'not-retried' },
    });
  });

  const cut = (status: number, headers: Record<string, string> = {}) =>
    ({
      kind: 'failed',
      reason: 'timeout',
      status,
      headers,
      body: Buffer.alloc(0),
      detail: 'cut',
      beforeAnyByte: false,
      timings,
    }) as const;

  it('ends at 410 also when the body of the response failed', () => {
    expect(after(cut(410))).toMatchObject({
      attemptEvent: { outcome: { kind: 'failed', reason: 'gone', statusCode: 410 } },
      followUp: { kind: 'dead-letter', reason: 'not-retried' },
    });
  });

  it.each([
    [429, 3_600_000],
    [503, 3_600_000],
    [500, 5_000],
    [200, 5_000],
  ])('honours Retry-After of %i also when its body failed', (status, leastMs) => {
    const { attemptEvent } = after(cut(status, { 'retry-after': '3600' }));
    expect(attemptEvent?.outcome).toMatchObject({ reason: 'timeout', statusCode: status });
    const delayMs = attemptEvent?.next.kind === 'retry' ? attemptEvent.next.atMs - startMs - 40 : 0;
    expect(delayMs).toBeGreaterThanOrEqual(leastMs);
    expect(delayMs).toBeLessThanOrEqual(leastMs * 1.1);
  });

  it('keeps only the beginning of a long response', () => {
    const { attemptEvent } = after({ ...response(500), body: Buffer.alloc(5_000, 'x') });
    const outcome = attemptEvent?.outcome;
    expect(outcome?.kind === 'failed' && outcome.responseExcerpt?.length).toBe(1_024);
  });
});

describe('resolutionOfDisposition', () => {
  it('defers a command that is not due without changing it', () => {
    const state = aState({ notBeforeMs: startMs + 70_000 });
    expect(resolutionOfDisposition(state, { kind: 'wait', remainingMs: 70_000 }, startMs)).toMatchObject({
      attemptEvent: null,
      followUp: { kind: 'command', state, rung: { delayMs: 60_000 } },
    });
  });

  it('records the reason why a delivery ended without an attempt', () => {
    const suppressed = resolutionOfDisposition(
      aState(),
      { kind: 'suppress', reason: 'subscription-deleted' },
      startMs,
    );
    expect(suppressed).toMatchObject({
      attemptEvent: {
        outcome: { kind: 'suppressed', reason: 'subscription-deleted' },
        next: { kind: 'none' },
      },
      followUp: { kind: 'none' },
    });
    const deadLettered = resolutionOfDisposition(
      aState(),
      { kind: 'dead-letter', reason: 'disabled' },
      startMs,
    );
    expect(deadLettered).toMatchObject({
      attemptEvent: {
        outcome: { kind: 'set-aside', reason: 'disabled' },
        next: { kind: 'dead-letter', reason: 'disabled' },
      },
      followUp: { kind: 'dead-letter', reason: 'disabled' },
    });
  });
});

describe('resolutionOfDeferral', () => {
  it('records a deferral once between two attempts', () => {
    const rung = ladder[1] as (typeof ladder)[number];
    const deferral = { reason: 'queue-full', rung, subscriptionVersion: 3 } as const;
    const first = resolutionOfDeferral(aState(), deferral, startMs);
    expect(first.attemptEvent).toMatchObject({
      outcome: { kind: 'deferred', reason: 'queue-full' },
      next: { kind: 'retry', atMs: startMs + 5_000 },
    });
    expect(first.followUp).toMatchObject({ kind: 'command', rung, state: { attempt: 1, deferrals: 1 } });
    const again = resolutionOfDeferral(aState({ deferrals: 1 }), deferral, startMs);
    expect(again.attemptEvent).toBeNull();
  });
});
