import {
  type DeliveryRequested,
  type EventAccepted,
  eventId,
  type SubscriptionRecord,
  workspaceId,
} from '@tidings/contracts';
import { aSubscriptionRecord } from '@tidings/testing/messages';
import type { FanOut } from '../src/handle-event-accepted.ts';

/** Builds a subscription to order events. */
export const aSubscription = (over: Partial<SubscriptionRecord> = {}): SubscriptionRecord =>
  aSubscriptionRecord({ events: ['order.*'], ...over });

/** Builds an event; `n` determines its id. */
export const anEvent = (n = 1, over: Partial<EventAccepted> = {}): EventAccepted => ({
  type: 'EventAccepted.v1',
  id: eventId(`evt_${n.toString(16).padStart(32, '0')}`),
  callerId: null,
  workspaceId: workspaceId('ws_demo'),
  consumerId: null,
  eventType: 'order.paid',
  source: '/orders',
  time: '2026-11-22T10:00:00Z',
  orderingKey: null,
  traceparent: null,
  data: Buffer.from('{"total":12}'),
  ...over,
});

/** Makes the commands of a result. */
export const commandsOf = (result: FanOut): readonly DeliveryRequested[] => {
  if (result.outcome !== 'fanned-out') throw new Error(`expected commands, got ${result.outcome}`);
  return result.matched.map(result.request);
};
