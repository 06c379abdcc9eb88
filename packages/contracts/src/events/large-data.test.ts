import { describe, expect, it } from 'vitest';
import { eventId, workspaceId } from '../ids/ids.ts';
import { dataBytesOf, decodeEvent, type EventAccepted, encodeEvent } from './event.ts';
import { dataRefOf, largeDataKey } from './large-data.ts';

const id = eventId(`evt_${'1'.repeat(32)}`);
const sha256 = 'ab'.repeat(32);
const event: Omit<EventAccepted, 'type'> = {
  ...{ id, callerId: null, workspaceId: workspaceId('ws_a'), consumerId: null, eventType: 'a', source: '/a' },
  ...{ time: '2026-11-22T10:00:00Z', orderingKey: null, traceparent: null },
  large: { bytes: 5_000_000, sha256 },
  data: Buffer.alloc(0),
};
const record = { ...encodeEvent(event, { isRepeatable: false }), timestampMs: 1 };

describe('an event whose data are in the object storage', () => {
  it('names them by the dataref of CloudEvents, their size and their hash', () => {
    expect(record.headers).toMatchObject({
      ce_dataref: `/v1/webhooks/events/${id}/data`,
      ce_databytes: '5000000',
      ce_datasha256: sha256,
    });
    expect(decodeEvent(record)).toEqual({ type: 'EventAccepted.v1', ...event });
    expect(decodeEvent({ ...record, value: null })).toEqual({ type: 'EventAccepted.v1', ...event });
    expect(dataBytesOf(decodeEvent(record))).toBe(5_000_000);
    expect(dataRefOf(id)).toBe(record.headers['ce_dataref']);
    const key = largeDataKey({ workspaceId: event.workspaceId, eventId: id, sha256 });
    expect(key).toBe(`payloads/ws_a/${id}/${sha256}`);
  });

  it.each<[string, Partial<typeof record>]>([
    ['has data', { value: Buffer.from('1') }],
    ['has no hash', { value: null, headers: { ...record.headers, ce_datasha256: 'x' } }],
    ['has no size', { value: null, headers: { ...record.headers, ce_databytes: '-1' } }],
  ])('is none if its record, of a foreign producer, %s', (_name, over) => {
    expect(decodeEvent({ ...record, ...over })).not.toHaveProperty('large');
  });
});
