import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { outcomes } from '../../test/builders.ts';
import { messagesOfAttempt } from './messages-of-record.ts';

const exchange = JSON.stringify({
  phases: { totalMs: 12 },
  request: { headers: { 'x-customer': 'alice' } },
  response: { headers: {}, body: 'hello alice' },
});

describe('the messages of an attempt whose data is erased', () => {
  it('keep outcome and status, say that the details are erased, and show nothing of the response', () => {
    const record = anAttemptRecord(1, {
      outcome: outcomes.failed,
      next: { kind: 'retry', atMs: 5_000 },
      exchange,
    });
    const shown = (isErased: boolean): readonly unknown[] =>
      messagesOfAttempt(record, isErased).map((message) => message === null || JSON.parse(message.json));
    expect(shown(false)).toMatchObject([{ erased: false, details: 'recorded', status: 'retrying' }, {}]);
    expect(shown(true)).toMatchObject([
      { erased: true, details: 'erased', status: 'retrying', response_excerpt: null, reason: 'http-status' },
      { status: 'retrying' },
    ]);
    expect(JSON.stringify(shown(true))).not.toContain('alice');
  });
});
