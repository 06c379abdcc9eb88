import { decodeAttempt, encodeAttempt, endOfRequest, exchangeText, newEventId } from '@tidings/contracts';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { aSubscription } from '../../../test/a-subscription.ts';
import { testAttempt, testAttemptEvent, testEvent } from './test-delivery-events.ts';

const prepared = () => ({ subscription: aSubscription(), eventId: newEventId(1_000), atMs: 1_000 });

describe('a test', () => {
  it("is an event with the subscription's id, of a reserved type", () => {
    const test = prepared();
    const event = testEvent(test);
    expect(event).toMatchObject({
      id: test.eventId,
      eventType: 'webhook.test',
      time: '1970-01-01T00:00:01.000Z',
    });
    expect(JSON.parse(event.data.toString())).toMatchObject({ subscription_id: test.subscription.id });
  });

  it.each([
    [200, 'delivered'],
    [299, 'delivered'],
    [301, 'redirect'],
    [400, 'http-status'],
    [410, 'gone'],
    [429, 'rate-limited'],
    [503, 'http-status'],
  ])('with status %i has the outcome %s, in an attempt event that history can decode', (status, expected) => {
    const outcome = endOfRequest({ ...answered(status), body: Buffer.from('x'.repeat(2_000)) });
    const exchange = exchangeText({ phases: { totalMs: 1.6 }, request: { headers: {} } });
    const started = testAttempt(prepared());
    const attemptEvent = testAttemptEvent(started, { outcome, exchange, totalMs: 1.6 });
    expect(decodeAttempt(encodeAttempt(attemptEvent, null))).toEqual(attemptEvent);
    expect(attemptEvent.outcome.kind === 'delivered' ? 'delivered' : attemptEvent.outcome.reason).toBe(
      expected,
    );
    expect(attemptEvent).toMatchObject({ trigger: 'test', durationMs: 2, next: { kind: 'none' } });
    expect(attemptEvent.outcome.responseExcerpt).toHaveLength(1_024);
  });
});
