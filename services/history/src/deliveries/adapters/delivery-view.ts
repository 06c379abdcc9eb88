import { exchangeView } from '@tidings/webhook-request';
import { plannedTime } from '../../domain/planned-time.ts';
import { type AttemptEvent, type Delivery, isAttempt } from '../domain/delivery.ts';
import { maxAttemptEvents } from '../domain/merge-deliveries.ts';
import type { DeliverySummary } from '../ports.ts';

const isoTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const nextView = ({ next }: AttemptEvent): object => {
  switch (next.kind) {
    case 'none':
      return { kind: 'none' };
    case 'retry':
      return { kind: 'retry', at: isoTime(next.atMs) };
    case 'dead-letter':
      return { kind: 'dead_letter', reason: next.reason };
  }
};

const attemptView = (attemptEvent: AttemptEvent, { id, eventType, isErased }: Delivery): object => ({
  attempt: attemptEvent.attempt,
  chain: attemptEvent.chain,
  trigger: attemptEvent.trigger,
  at: isoTime(attemptEvent.atMs),
  duration_ms: attemptEvent.durationMs,
  outcome: attemptEvent.kind,
  status_code: attemptEvent.statusCode,
  reason: attemptEvent.reason,
  response_excerpt: attemptEvent.responseExcerpt,
  next: nextView(attemptEvent),
  ...exchangeView({ ...attemptEvent, deliveryId: id, eventType, isErased: isErased === true }),
});

/** Returns a delivery as a list shows it at this time. */
export const summaryView = (summary: DeliverySummary, nowMs: number): object => ({
  id: summary.id,
  event_id: summary.eventId,
  event_type: summary.eventType,
  subscription_id: summary.subscriptionId,
  ordering_key: summary.orderingKey,
  consumer_id: summary.consumerId,
  status: summary.status,
  status_reason: summary.statusReason,
  attempt_count: summary.attemptCount,
  last_status_code: summary.lastStatusCode,
  last_reason: summary.lastReason,
  last_attempt_at: isoTime(summary.lastAttemptAtMs),
  next_attempt_at: isoTime(plannedTime(summary.nextAttemptAtMs, nowMs)),
  erased: summary.isErased === true,
  created_at: isoTime(summary.createdAtMs),
  updated_at: isoTime(summary.updatedAtMs),
});

/** Returns a delivery with every request made for it. `status` and `status_reason` describe waiting and the end. */
export const deliveryView = (delivery: Delivery, nowMs: number): object => {
  const attempts = delivery.attemptEvents.filter(isAttempt);
  const last = attempts.at(-1);
  const summary = {
    ...delivery,
    attemptCount: attempts.length,
    lastStatusCode: last?.statusCode ?? null,
    lastReason: last?.reason ?? null,
    lastAttemptAtMs: last?.atMs ?? null,
  };
  return {
    ...summaryView(summary, nowMs),
    attempts: attempts.map((attemptEvent) => attemptView(attemptEvent, delivery)),
    attempts_truncated: delivery.attemptEvents.length >= maxAttemptEvents,
  };
};
