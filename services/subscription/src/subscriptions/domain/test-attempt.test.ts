import { decodeAttempt, encodeAttempt, newEventId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { aSubscription } from '../../../test/a-subscription.ts';
import { renderTest, testFact } from './test-attempt.ts';

const prepared = (format: 'standard' | 'plain' | 'cloudevents') => ({
  subscription: aSubscription({ settings: { format } }),
  eventId: newEventId(1_000),
  atMs: 1_000,
});
const common = { type: 'webhook.test', data: { subscription_id: expect.any(String) as string } };

describe('a test', () => {
  it.each([
    ['standard', { timestamp: '1970-01-01T00:00:01.000Z', workspace_id: 'ws_own' }],
    ['plain', { timestamp: '1970-01-01T00:00:01.000Z', created_at: '1970-01-01T00:00:01.000Z' }],
    ['cloudevents', { specversion: '1.0', time: '1970-01-01T00:00:01.000Z', workspaceid: 'ws_own' }],
  ] as const)('is written in the format of the subscription: %s', (format, fields) => {
    const test = prepared(format);
    const body: unknown = JSON.parse(renderTest(test).toString());
    expect(body).toMatchObject({ id: test.eventId, ...common, ...fields });
  });

  it.each([
    [200, 'delivered'],
    [299, 'delivered'],
    [301, 'redirect'],
    [400, 'http-status'],
    [410, 'gone'],
    [429, 'rate-limited'],
    [503, 'http-status'],
  ])('ends with status %i as %s, in a fact that history can read', (status, expected) => {
    const sent = { kind: 'response', status, body: Buffer.from('x'.repeat(2_000)), durationMs: 1.6 } as const;
    const fact = testFact(prepared('standard'), sent);
    expect(decodeAttempt(encodeAttempt(fact, null))).toEqual(fact);
    expect(fact.outcome.kind === 'delivered' ? 'delivered' : fact.outcome.reason).toBe(expected);
    expect(fact).toMatchObject({ trigger: 'test', durationMs: 2, next: { kind: 'none' } });
    expect(fact.outcome.responseExcerpt).toHaveLength(1_024);
  });
});
