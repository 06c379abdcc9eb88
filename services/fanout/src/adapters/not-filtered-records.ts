import { type DeliveryRequested, encodeAttempt, encodeDeadLetter, topics } from '@tidings/contracts';
import type { OutgoingRecord } from '@tidings/kafka';

const reason = 'filter-limit';

/**
 * Returns the records of a delivery whose data are too large for the filter of its subscription: its dead letter, which a
 * redrive sends without the filter, and the event that shows its end. Both have the same identity if they are written again.
 */
export const notFilteredRecords = (
  { state, body, traceparent }: DeliveryRequested,
  atMs: number,
): readonly OutgoingRecord[] => {
  const { deliveryId, eventId, eventType, workspaceId, consumerId, subscriptionId, subscriptionVersion } =
    state;
  const { chain, attempt, trigger, acceptedAtMs, orderingKey, addressedTo } = state;
  const deadLetter = { type: 'DeliveryDeadLettered.v1', reason, recordedAtMs: atMs, state } as const;
  const ended = {
    ...({ type: 'AttemptRecorded.v1', deliveryId, eventId, eventType, workspaceId, consumerId } as const),
    ...{ subscriptionId, subscriptionVersion, chain, attempt, trigger, acceptedAtMs, atMs, durationMs: 0 },
    ...({ outcome: { kind: 'set-aside', reason }, next: { kind: 'dead-letter', reason } } as const),
    ...(orderingKey !== null && { orderingKey }),
    ...(addressedTo !== undefined && { addressedTo }),
  };
  return [
    { topic: topics.deadLetters, ...encodeDeadLetter(deadLetter, body, traceparent) },
    { topic: topics.attempts, ...encodeAttempt(ended, traceparent) },
  ];
};
