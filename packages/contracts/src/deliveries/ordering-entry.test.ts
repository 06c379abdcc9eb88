import { expect, it } from 'vitest';
import { deliveryId, eventId, subscriptionId, workspaceId } from '../ids/ids.ts';
import { DecodeError } from '../wire/wire.ts';
import { decodeOrderingEntry, encodeOrderingEntry, orderingEntryKey } from './ordering-entry.ts';

const command = {
  state: {
    type: 'DeliveryRequested.v1',
    deliveryId: deliveryId(`dlv_${'1'.repeat(32)}`),
    eventId: eventId(`evt_${'2'.repeat(32)}`),
    eventType: 'order.paid',
    workspaceId: workspaceId('acme'),
    consumerId: null,
    subscriptionId: subscriptionId('sub_a'),
    subscriptionVersion: 1,
    orderingKey: 'order-7',
    format: 'standard',
    chain: 0,
    attempt: 3,
    position: 2,
    trigger: 'retry',
    acceptedAtMs: 1,
    firstAttemptAtMs: 2,
    notBeforeMs: 3,
    deferrals: 0,
    attempts: [],
  },
  body: Buffer.from('{"a": 1}'),
  traceparent: null,
} as const;
const entry = { type: 'DeliveryHeld.v1', sequence: 42 } as const;

it('decodes the command and its position, byte for byte', () => {
  const record = encodeOrderingEntry(entry, command);
  expect(record.key).toBe(`sub_a/dlv_${'1'.repeat(32)}/0`);
  expect(decodeOrderingEntry(record)).toEqual({ entry, command });
});

it('gives all versions of an entry the same key, and another chain a different one', () => {
  const later = { ...command, state: { ...command.state, attempt: 4 } };
  expect(encodeOrderingEntry(entry, later).key).toBe(orderingEntryKey(command.state));
  expect(orderingEntryKey({ ...command.state, chain: 1 })).not.toBe(orderingEntryKey(command.state));
});

it.each([
  ['without a position', { ...encodeOrderingEntry(entry, command), headers: {} }],
  [
    'with an invalid position',
    {
      ...encodeOrderingEntry(entry, command),
      headers: { 'tidings-hold': '{"type":"DeliveryHeld.v1","sequence":-1}' },
    },
  ],
  [
    'without a command',
    { ...encodeOrderingEntry(entry, command), headers: { 'tidings-hold': JSON.stringify(entry) } },
  ],
])('refuses a record %s', (_, record) => {
  expect(() => decodeOrderingEntry(record)).toThrow(DecodeError);
});
