import type { EventId, WorkspaceId } from '@tidings/contracts';
import { childTraceparent } from '@tidings/observability';
import { type EventDraft, type StampedEvent, stampEvent } from './domain/stamp-event.ts';
import { type AcceptPorts, type EventTypeNotice, outcomeOf } from './ports.ts';

/** The sender of an event and the metadata of its request. */
export type Submission = Readonly<{
  workspaceId: WorkspaceId;
  idempotencyKey: string | null;
  traceparent: string;
}>;

/**
 * The result for the caller. `acceptedAtMs`: epoch milliseconds. `notice` is null if the event's type requires none.
 */
export type Accepted = Readonly<{
  id: EventId;
  type: string;
  acceptedAtMs: number;
  notice: EventTypeNotice | null;
}>;

export type AcceptEvent = (draft: EventDraft, submission: Submission) => Promise<Accepted>;

/**
 * Creates the use case that accepts one event: it resolves only when the log has it on all in-sync replicas.
 * Rejects with `unprocessable` when its type does not allow it: nothing was written. Rejects with the errors
 * of the publish port; the event is then neither accepted nor known to be absent.
 */
export const createAcceptEvent =
  ({ checkConsumer, checkEventType, publish, clock, logger, metrics }: AcceptPorts): AcceptEvent =>
  async (draft, submission) => {
    const beganMs = clock.monotonicMs();
    const traceparent = childTraceparent(submission.traceparent);
    const location = { ...submission, pointer: '' };
    const notice = counted(() => {
      checkConsumer(draft.request, location);
      return checkEventType(draft, location);
    }, metrics);
    const stamped = stampEvent(draft, { ...submission, traceparent, nowMs: clock.nowMs() });
    const settle = (outcome: ReturnType<typeof outcomeOf> | 'accepted'): number => {
      const tookMs = clock.monotonicMs() - beganMs;
      metrics.events.inc({ outcome });
      metrics.publishSeconds.observe({ outcome }, tookMs / 1_000);
      return tookMs;
    };
    try {
      await publish(stamped);
    } catch (error) {
      settle(outcomeOf(error));
      throw error;
    }
    const tookMs = settle('accepted');
    metrics.acceptedBytes.inc({}, stamped.event.data.length);
    logger.info({ ...lineOf(stamped), tookMs: Math.round(tookMs) }, 'event.accepted');
    return { id: stamped.event.id, type: stamped.event.eventType, acceptedAtMs: clock.nowMs(), notice };
  };

function counted<T>(check: () => T, metrics: AcceptPorts['metrics']): T {
  try {
    return check();
  } catch (error) {
    metrics.events.inc({ outcome: outcomeOf(error) });
    throw error;
  }
}

const lineOf = ({ event }: StampedEvent): Readonly<Record<string, unknown>> => ({
  eventId: event.id,
  eventType: event.eventType,
  workspaceId: event.workspaceId,
  consumerId: event.consumerId,
  source: event.source,
  callerId: event.callerId,
  orderingKey: event.orderingKey,
  bytes: event.data.length,
  traceparent: event.traceparent,
});
