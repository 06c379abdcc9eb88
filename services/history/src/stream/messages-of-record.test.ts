import { newEventId, workspaceId } from '@tidings/contracts';
import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { outcomes } from '../../test/builders.ts';
import { messageOfEvent, messagesOfAttempt } from './messages-of-record.ts';

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

it('shows an internal event to the workspace alone', () => {
  const event = {
    type: 'EventAccepted.v1',
    ...{ id: newEventId(1), callerId: null, workspaceId: workspaceId('ws_demo') },
    ...{ consumerId: null, eventType: 'github.push', source: '/', time: '2026-11-22T10:00:00Z' },
    ...{ orderingKey: null, traceparent: null, data: Buffer.from('{}') },
  } as const;
  const place = { partition: 0, offset: 0n, acceptedAtMs: 1, isErased: false };
  expect(messageOfEvent(event, place).isBroadcast).toBe(true);
  expect(messageOfEvent({ ...event, audience: 'internal' }, place).isBroadcast).toBe(false);
});
