import { describe, expect, it } from 'vitest';
import {
  DecodeError,
  decodeEventType,
  type EventTypeRecord,
  encodeEventType,
  workspaceId,
} from '../index.ts';

const anEventType: EventTypeRecord = {
  type: 'EventTypeChanged.v1',
  workspaceId: workspaceId('ws_demo'),
  name: 'order.paid',
  version: 3,
  state: 'active',
  mode: 'enforce',
  audience: 'broadcast',
  schema: { version: 2, schema: { type: 'object', required: ['id'] } },
  deprecatedAtMs: null,
  sunsetAtMs: 1_800_000_000_000,
};

// Written by the first release with event types: these bytes must stay readable.
const golden =
  '{"type":"EventTypeChanged.v1","workspaceId":"ws_demo","name":"order.paid","version":3,"state":"active",' +
  '"mode":"enforce","audience":"broadcast","schema":{"version":2,"schema":{"type":"object","required":["id"]}},' +
  '"deprecatedAtMs":null,"sunsetAtMs":1800000000000}';

describe('an event type on its topic', () => {
  it('is decoded unchanged, under its workspace and name', () => {
    const record = encodeEventType(anEventType);
    expect(record.key).toBe('ws_demo/order.paid');
    expect(decodeEventType(record)).toEqual(anEventType);
  });

  it('is decoded from the bytes of earlier releases', () => {
    const old = { key: 'ws_demo/order.paid', headers: {}, value: Buffer.from(golden) };
    expect(decodeEventType(old)).toEqual(anEventType);
  });

  it.each<[string, object]>([
    ['an unknown state', { state: 'gone' }],
    ['no version', { version: undefined }],
    ['a schema that is no object', { schema: { version: 1, schema: true } }],
    ['another name than its key', { name: 'order.sent' }],
  ])('is refused with %s', (_name, over) => {
    const value = Buffer.from(JSON.stringify({ ...anEventType, ...over }));
    expect(() => decodeEventType({ key: 'ws_demo/order.paid', headers: {}, value })).toThrow(DecodeError);
  });
});
