import { type AttemptRecorded, attemptId, type FailureReason, type WorkspaceId } from '@tidings/contracts';

/** Position of a record in the attempts topic. */
export type Position = Readonly<{ partition: number; offset: number }>;

/** The fields of an attempt that counting requires. */
export type CountedAttempt = Readonly<{
  position: Position;
  atMs: number;
  subscriptionVersion: number;
  /** null for a successful delivery. */
  failure: FailureReason | null;
  statusCode: number | null;
  /** Identifies the attempt. */
  cause: string;
  workspaceId: WorkspaceId;
  /** Set when no further attempt of the delivery follows this failure. */
  givenUp: GivenUp | null;
}>;

/** A delivery that was dead-lettered after this attempt. */
export type GivenUp = Readonly<
  Pick<AttemptRecorded, 'deliveryId' | 'eventId' | 'eventType'> & {
    attempts: number;
    reason: 'exhausted' | 'not-retried';
  }
>;

function givenUpBy({
  outcome,
  next,
  attempt,
  deliveryId,
  eventId,
  eventType,
}: AttemptRecorded): GivenUp | null {
  if (outcome.kind !== 'failed' || next.kind !== 'dead-letter') return null;
  const { reason } = next;
  if (reason !== 'exhausted' && reason !== 'not-retried') return null;
  return { deliveryId, eventId, eventType, attempts: attempt, reason };
}

/**
 * Returns the attempt of a record, or null for attempt events that carry no information about the endpoint: tests, and
 * deliveries that were not attempted.
 */
export function countedAttempt(attempt: AttemptRecorded, position: Position): CountedAttempt | null {
  const { outcome, trigger, atMs, subscriptionVersion } = attempt;
  if (trigger === 'test' || (outcome.kind !== 'delivered' && outcome.kind !== 'failed')) return null;
  return {
    position,
    atMs,
    subscriptionVersion,
    failure: outcome.kind === 'failed' ? outcome.reason : null,
    statusCode: outcome.statusCode,
    cause: attemptId(attempt),
    workspaceId: attempt.workspaceId,
    givenUp: givenUpBy(attempt),
  };
}
