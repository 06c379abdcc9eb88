import { decodeEvent, deriveEventId, encodeEvent, isEventId, workspaceId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import type { EventRequest } from './event-request.ts';
import { defaultSource, type Stamp, stampEvent } from './stamp-event.ts';

const nowMs = Date.UTC(2026, 10, 22, 10);
const stamp = (over: Partial<Stamp> = {}): Stamp => ({
  workspaceId: workspaceId('ws_demo'),
  idempotencyKey: null,
  traceparent: null,
  nowMs,
  ...over,
});
const draft = (over: Partial<EventRequest> = {}) => ({
  request: { type: 'order.paid', data: {}, ...over },
  data: Buffer.from('{}'),
});

describe('stampEvent', () => {
  it('gives an event that cannot be repeated a fresh id and no key', () => {
    const first = stampEvent(draft(), stamp());
    const second = stampEvent(draft(), stamp());
    expect(isEventId(first.event.id)).toBe(true);
    expect(first.event.id).not.toBe(second.event.id);
    expect(encodeEvent(first.event, first).key).toBeNull();
  });

  it('derives the id from workspace, source and own id, so that a repeat is the same event in the same partition', () => {
    const stamped = stampEvent(draft({ id: 'order-1', source: '/orders' }), stamp());
    const id = deriveEventId({ workspaceId: 'ws_demo', source: '/orders', callerId: 'order-1' });
    expect(stamped.event).toMatchObject({ id, callerId: 'order-1', source: '/orders' });
    expect(encodeEvent(stamped.event, stamped).key).toBe(id);
    const elsewhere = stampEvent(
      draft({ id: 'order-1', source: '/orders' }),
      stamp({ workspaceId: workspaceId('b') }),
    );
    expect(elsewhere.event.id).not.toBe(id);
  });

  it('derives the id from an Idempotency-Key, which is no id of the caller', () => {
    const [first, second] = [
      stampEvent(draft(), stamp({ idempotencyKey: 'k' })),
      stampEvent(draft(), stamp({ idempotencyKey: 'k' })),
    ];
    expect(first.event.id).toBe(second.event.id);
    expect(first.event.id).toBe(
      deriveEventId({ workspaceId: 'ws_demo', source: defaultSource, callerId: 'k' }),
    );
    expect(first.event.callerId).toBeNull();
    expect(first.isRepeatable).toBe(true);
  });

  it('prefers the id of the caller where both are given', () => {
    const both = stampEvent(draft({ id: 'order-1' }), stamp({ idempotencyKey: 'k' }));
    expect(both.event.id).toBe(stampEvent(draft({ id: 'order-1' }), stamp()).event.id);
  });

  it('uses the ordering key as record key before all others', () => {
    const stamped = stampEvent(draft({ id: 'order-1', ordering_key: 'customer-7' }), stamp());
    expect(encodeEvent(stamped.event, stamped).key).toBe('customer-7');
  });

  it('sets defaults for source and time, and writes a given time in upper case', () => {
    expect(stampEvent(draft(), stamp()).event).toMatchObject({
      source: 'tidings:api',
      time: '2026-11-22T10:00:00.000Z',
      consumerId: null,
      orderingKey: null,
    });
    expect(stampEvent(draft({ time: '2026-11-22t09:00:00z' }), stamp()).event.time).toBe(
      '2026-11-22T09:00:00Z',
    );
  });

  it('is decoded from the log as it was encoded', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const stamped = stampEvent(
      draft({
        id: 'é😀',
        consumer_id: 'acme',
        ordering_key: 'k',
        source: 's',
        time: '2026-11-22T09:00:00+01:00',
      }),
      stamp({ traceparent }),
    );
    const decoded = decodeEvent({ ...encodeEvent(stamped.event, stamped), timestampMs: 0 });
    expect(decoded).toEqual({ type: 'EventAccepted.v1', ...stamped.event });
  });
});
