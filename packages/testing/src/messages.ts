import {
  type AttemptRecorded,
  type DeliveryState,
  deriveDeliveryId,
  eventId,
  type SubscriptionRecord,
  subscriptionId,
  workspaceId,
} from '@tidings/contracts';

export { answered, failed } from './request-outcomes.ts';

/** Acceptance time of everything the builders create, in epoch milliseconds. */
export const builtAtMs = 1_790_000_000_000;

const anEventId = (n: number) => eventId(`evt_${n.toString(16).padStart(32, '0')}`);

/** Returns a subscription that receives every event of `ws_demo`, as the topic holds it; it has no secret. */
export const aSubscriptionRecord = (over: Partial<SubscriptionRecord> = {}): SubscriptionRecord => ({
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
  events: ['*'],
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

/**
 * Returns the fields that a command and its attempts share for the first attempt of event `n` for the one subscription.
 */
const aFirstAttempt = (n: number, over: Partial<Pick<DeliveryState, 'eventId' | 'subscriptionId'>>) => {
  const { eventId: event = anEventId(n), subscriptionId: subscription = subscriptionId('sub_1') } = over;
  return {
    deliveryId: deriveDeliveryId(event, subscription),
    eventId: event,
    eventType: 'order.paid',
    workspaceId: workspaceId('ws_demo'),
    consumerId: null,
    subscriptionId: subscription,
    subscriptionVersion: 1,
    chain: 0,
    attempt: 1,
    trigger: 'event',
    acceptedAtMs: builtAtMs,
  } as const;
};

/** Returns the state of a new command: event `n` for the one subscription, no attempt yet. */
export const aDeliveryState = (n = 1, over: Partial<DeliveryState> = {}): DeliveryState => ({
  type: 'DeliveryRequested.v1',
  ...aFirstAttempt(n, over),
  orderingKey: null,
  format: 'standard',
  position: 0,
  firstAttemptAtMs: null,
  notBeforeMs: null,
  deferrals: 0,
  attempts: [],
  ...over,
});

/** Returns the attempt event of the first attempt of that delivery: delivered. */
export const anAttemptRecord = (n = 1, over: Partial<AttemptRecorded> = {}): AttemptRecorded => ({
  type: 'AttemptRecorded.v1',
  ...aFirstAttempt(n, over),
  atMs: builtAtMs + 100,
  durationMs: 12,
  outcome: { kind: 'delivered', statusCode: 200, responseExcerpt: 'ok' },
  next: { kind: 'none' },
  ...over,
});
