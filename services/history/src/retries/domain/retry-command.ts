import type { AttemptSummary, DeliveryRequested, DeliveryState, FailureReason } from '@tidings/contracts';
import { type AttemptEvent, type Delivery, isAttempt } from '../../deliveries/domain/delivery.ts';

// As many as delivery itself carries along: a header must stay small.
const maxSummaries = 32;

/** The body of a command and the parts of its state that follow from the event and its format. */
export type RetryContent = Pick<DeliveryRequested, 'body' | 'traceparent'> &
  Readonly<{
    state: Pick<DeliveryState, 'format' | 'orderingKey' | 'acceptedAtMs' | 'cloudEvent' | 'large'>;
  }>;

const summaryOf = ({ atMs, statusCode, reason, durationMs }: AttemptEvent): AttemptSummary => ({
  atMs,
  statusCode,
  reason: reason as FailureReason | null,
  durationMs,
});

/** The chain of a retry, and whether commands of older ones may still wait. */
export type NewChain = Readonly<{ chain: number; supersedes: boolean; subscriptionVersion: number }>;

/** Returns the first command of a manual retry: the next chain of the same delivery, without a wait. */
export const retryCommand = (
  delivery: Delivery,
  { state, body, traceparent }: RetryContent,
  { chain, supersedes, subscriptionVersion }: NewChain,
): DeliveryRequested => {
  const attempts = delivery.attemptEvents.filter(isAttempt).map(summaryOf);
  return {
    state: {
      type: 'DeliveryRequested.v1',
      deliveryId: delivery.id,
      eventId: delivery.eventId,
      eventType: delivery.eventType,
      workspaceId: delivery.workspaceId,
      consumerId: delivery.consumerId,
      subscriptionId: delivery.subscriptionId,
      subscriptionVersion,
      ...state,
      chain,
      attempt: 1,
      position: 0,
      trigger: 'manual',
      firstAttemptAtMs: attempts[0]?.atMs ?? null,
      notBeforeMs: null,
      deferrals: 0,
      attempts: attempts.slice(-maxSummaries),
      ...(supersedes && { supersedes }),
      ...(delivery.addressedTo !== undefined && { addressedTo: delivery.addressedTo }),
    },
    body,
    traceparent,
  };
};
