import {
  type EventAccepted,
  eventId,
  type SubscriptionRecord,
  subscriptionId,
  workspaceId,
} from '@tidings/contracts';

/** A subscription record for tests. */
export const aSubscription = (over: Partial<SubscriptionRecord> = {}): SubscriptionRecord => ({
  type: 'SubscriptionChanged.v1',
  id: subscriptionId('sub_1'),
  workspaceId: workspaceId('ws_demo'),
  consumerId: null,
  kind: 'webhook',
  state: 'active',
  version: 1,
  enabledVersion: 1,
  countedVersion: 1,
  onEnable: 'redrive',
  endpointUrl: 'https://partner.example/hook',
  events: ['order.*'],
  filters: null,
  ordering: 'none',
  onExhausted: 'skip',
  format: 'standard',
  signatureStyle: 'v1',
  secrets: [],
  headers: {},
  secretHeaders: [],
  requestOrigin: null,
  timeoutMs: 10_000,
  retryScheduleSeconds: [5, 60],
  rateLimit: null,
  maxInFlight: 10,
  disabledReason: null,
  ...over,
});

/** An event for tests; `n` makes its id. */
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
