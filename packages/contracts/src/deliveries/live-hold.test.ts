import { describe, expect, it } from 'vitest';
import { deliveryId, eventId, subscriptionId, workspaceId } from '../ids/ids.ts';
import { DecodeError } from '../wire/wire.ts';
import { type DeliveryState, encodeDelivery } from './delivery-command.ts';
import {
  decodeInstruction,
  decodeLiveHeld,
  encodeLiveHeld,
  encodeLiveHoldChanged,
  isLiveHeldKey,
  isLiveHoldChanged,
  type LiveHeld,
  liveHeldKey,
} from './live-hold.ts';
import { orderingEntryKey } from './ordering-entry.ts';

const name = { subscriptionId: subscriptionId('sub_a'), chain: 1e15 + 7 } as const;
const state: DeliveryState = {
  type: 'DeliveryRequested.v1',
  deliveryId: deliveryId(`dlv_${'1'.repeat(32)}`),
  eventId: eventId(`evt_${'2'.repeat(32)}`),
  ...{ eventType: 'order.paid', workspaceId: workspaceId('ws_demo'), consumerId: null },
  ...{ subscriptionId: name.subscriptionId, subscriptionVersion: 1, orderingKey: null, format: 'standard' },
  ...{ chain: 0, attempt: 1, position: 0, trigger: 'event', acceptedAtMs: 1, firstAttemptAtMs: null },
  ...{ notBeforeMs: null, deferrals: 0, attempts: [] },
};
const held: LiveHeld = { type: 'LiveHeld.v1', ...name, state: 'ending', sequence: 4 };

describe('a hold on live commands', () => {
  it.each(['held', 'ending', 'released'] as const)(
    'changes to %s in the partition of the commands',
    (state) => {
      const changed = { type: 'LiveHoldChanged.v1', ...name, state } as const;
      const record = encodeLiveHoldChanged(changed);
      expect(record.key).toBe('sub_a');
      // Not a tombstone, which would be none of a command either.
      expect(record.value).toHaveLength(0);
      const decoded = decodeInstruction(record);
      expect(decoded).toEqual(changed);
      expect(isLiveHoldChanged(decoded)).toBe(true);
    },
  );

  it('is told from commands', () => {
    const command = { state, body: Buffer.from('{}'), traceparent: null };
    const decoded = decodeInstruction(encodeDelivery(command));
    expect(decoded).toEqual(command);
    expect(isLiveHoldChanged(decoded)).toBe(false);
  });

  it('has a key of its own among the entries of ordered queues', () => {
    expect(decodeLiveHeld(encodeLiveHeld(held))).toEqual(held);
    expect(encodeLiveHeld(held).key).toBe(liveHeldKey(name));
    expect(isLiveHeldKey(liveHeldKey(name))).toBe(true);
    expect(isLiveHeldKey(orderingEntryKey(state))).toBe(false);
  });

  it.each([
    ['an unknown state', { ...held, state: 'released' }],
    ['an unknown field', { ...held, more: 1 }],
    ['no position', { ...held, sequence: undefined }],
  ])('with %s is refused', (_, fault) => {
    expect(() => decodeLiveHeld(encodeLiveHeld(fault as LiveHeld))).toThrow(DecodeError);
    expect(() => decodeLiveHeld({ key: 'k', headers: {}, value: Buffer.alloc(0) })).toThrow(DecodeError);
  });
});
