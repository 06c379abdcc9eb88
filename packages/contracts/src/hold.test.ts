import { expect, it } from 'vitest';
import { decodeHold, encodeHold, holdKey } from './hold.ts';
import { deliveryId, eventId, subscriptionId, workspaceId } from './ids.ts';
import { DecodeError } from './wire.ts';

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
const held = { type: 'DeliveryHeld.v1', sequence: 42 } as const;

it('gives back the command and its place, byte for byte', () => {
  const record = encodeHold(held, command);
  expect(record.key).toBe(`sub_a/dlv_${'1'.repeat(32)}/0`);
  expect(decodeHold(record)).toEqual({ held, command });
});

it('names every version of one entry alike, and another chain apart', () => {
  const later = { ...command, state: { ...command.state, attempt: 4 } };
  expect(encodeHold(held, later).key).toBe(holdKey(command.state));
  expect(holdKey({ ...command.state, chain: 1 })).not.toBe(holdKey(command.state));
});

it.each([
  ['without its place', { ...encodeHold(held, command), headers: {} }],
  [
    'with a place that is none',
    { ...encodeHold(held, command), headers: { 'tidings-hold': '{"type":"DeliveryHeld.v1","sequence":-1}' } },
  ],
  ['without a command', { ...encodeHold(held, command), headers: { 'tidings-hold': JSON.stringify(held) } }],
])('refuses a record %s', (_, record) => {
  expect(() => decodeHold(record)).toThrow(DecodeError);
});
