import { type AttemptRecorded, attemptId, type FailureReason, type WorkspaceId } from '@tidings/contracts';

/** Where a record lies in the attempts topic. */
export type Position = Readonly<{ partition: number; offset: number }>;

/** One attempt as counting needs it. */
export type CountedAttempt = Readonly<{
  position: Position;
  atMs: number;
  subscriptionVersion: number;
  /** null for a delivery. */
  failure: FailureReason | null;
  statusCode: number | null;
  /** Names the attempt. */
  cause: string;
  workspaceId: WorkspaceId;
  /** Set when no further attempt of the delivery follows this failure. */
  givenUp: GivenUp | null;
}>;

/** A delivery that ended in dead-letters after this attempt. */
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

/** The attempt in a record; null for facts that say nothing about the endpoint: tests, and what was not attempted. */
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
