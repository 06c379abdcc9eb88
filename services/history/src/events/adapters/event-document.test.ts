import { describe, expect, it } from 'vitest';
import { type EventDocument, fromDocument, toDocument } from './event-document.ts';

/** As the first release with events stored it. */
const old = {
  _id: 'evt_00000000000000000000000000000001',
  workspace_id: 'ws_demo',
  audience: 'consumer:acme',
  type: 'order.paid',
  source: 'shop',
  time: '2026-09-21T14:13:20Z',
  accepted_at: new Date('2026-09-21T14:13:20.100Z'),
  trace_id: '0af7651916cd43dd8448eb211c80319c',
  size: 17,
  partition: 3,
  offset: 41,
} as const satisfies EventDocument;

describe('the document of an event', () => {
  it('is read from an earlier release, and means the same as a new one', () => {
    const event = fromDocument(old);
    expect(event).toMatchObject({ time: old.time, sizeBytes: 17, position: { partition: 3, offset: 41 } });
    expect(fromDocument(toDocument(event))).toEqual(event);
  });

  it('keeps that an event is internal, and takes an operational one of the workspace for none', () => {
    const event = { ...fromDocument(old), consumerId: null };
    expect(fromDocument(toDocument({ ...event, isInternal: true }))).toMatchObject({ isInternal: true });
    const operational = { ...event, type: 'tidings.subscription.failing' };
    expect(fromDocument(toDocument(operational))).toEqual(operational);
  });
});
