import {
  type AttemptOutcome,
  type AttemptRecorded,
  deriveDeliveryId,
  eventId,
  subscriptionId,
  workspaceId,
} from '@tidings/contracts';

/** An outcome for tests. */
export const outcomes = {
  delivered: { kind: 'delivered', statusCode: 200, responseExcerpt: 'ok' },
  failed: { kind: 'failed', reason: 'http-status', statusCode: 500, responseExcerpt: 'no' },
  deferred: { kind: 'deferred', reason: 'breaker-open' },
  suppressed: { kind: 'suppressed', reason: 'subscription-deleted' },
  setAside: { kind: 'set-aside', reason: 'disabled' },
} as const satisfies Record<string, AttemptOutcome>;

/** A record of the attempts topic for tests: the first attempt of delivery `n`, delivered, unless told otherwise. */
export const anAttempt = (n = 1, over: Partial<AttemptRecorded> = {}): AttemptRecorded => {
  const event = over.eventId ?? eventId(`evt_${n.toString(16).padStart(32, '0')}`);
  const subscription = over.subscriptionId ?? subscriptionId('sub_1');
  return {
    type: 'AttemptRecorded.v1',
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
    atMs: 1_790_000_000_100,
    durationMs: 12,
    acceptedAtMs: 1_790_000_000_000,
    outcome: outcomes.delivered,
    next: { kind: 'none' },
    ...over,
  };
};

/** A failed attempt, after which another one follows. */
export const aFailure = (n: number, attempt: number, over: Partial<AttemptRecorded> = {}): AttemptRecorded =>
  anAttempt(n, {
    attempt,
    atMs: 1_790_000_000_000 + attempt * 1_000,
    trigger: attempt === 1 ? 'event' : 'retry',
    outcome: outcomes.failed,
    next: { kind: 'retry', atMs: 1_790_000_000_000 + (attempt + 1) * 1_000 },
    ...over,
  });
