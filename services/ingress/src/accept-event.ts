import { dataBytesOf, type EventId, type WorkspaceId } from '@tidings/contracts';
import { type Logger, type Metrics, traceFields } from '@tidings/observability';
import { AppError, type Clock } from '@tidings/runtime';
import type { CheckConsumer } from './check-consumer.ts';
import type { CheckEventType, EventTypeNotice } from './check-event-type.ts';
import { type EventDraft, type StampedEvent, stampEvent } from './domain/stamp-event.ts';
import type { metricsCatalogue } from './metrics.ts';
import type { PublishEvents, Published } from './ports.ts';

/** The sender of an event and the metadata of its request. */
export type Submission = Readonly<{
  workspaceId: WorkspaceId;
  idempotencyKey: string | null;
  traceparent: string;
  /** True if its key may leave events in the spool while the log does not acknowledge. */
  maySpool: boolean;
  /** Maximum size of one event of its key, in bytes; default: the service's limit. */
  maxEventBytes?: number;
}>;

/**
 * The result for the caller. `acceptedAtMs`: epoch milliseconds, not later than the time of the record in the log, so
 * that lists and replays from this time contain the event. `notice` is null if the event's type requires none.
 */
export type Accepted = Readonly<{
  id: EventId;
  type: string;
  acceptedAtMs: number;
  notice: EventTypeNotice | null;
}>;

/** Accepts the event that `read` returns. An error of `read` is counted like any other reason of a rejection. */
export type AcceptEvent = (read: () => EventDraft, submission: Submission) => Promise<Accepted>;

/** Dependencies of the use cases. */
export type AcceptDependencies = Readonly<{
  checkConsumer: CheckConsumer;
  checkEventType: CheckEventType;
  publish: PublishEvents;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

const mistakes: ReadonlySet<string> = new Set(['invalid-request', 'payload-too-large', 'unprocessable']);

/**
 * Returns the outcome by which a rejected event is counted: `invalid` for the caller's mistake, `unavailable`
 * for an unavailable log, `failed` for a fault that a repeat will not fix.
 */
export const outcomeOf = (error: unknown): 'invalid' | 'unavailable' | 'failed' => {
  if (!(error instanceof AppError)) return 'failed';
  if (mistakes.has(error.code)) return 'invalid';
  return error.retryable ? 'unavailable' : 'failed';
};

/**
 * Creates the use case that accepts one event: it resolves only when the log has it on all in-sync replicas.
 * Rejects with `unprocessable` when its type does not allow it: nothing was written. Rejects with the errors
 * of the publish port; the event is then neither accepted nor known to be absent.
 */
export const createAcceptEvent =
  (dependencies: AcceptDependencies): AcceptEvent =>
  async (read, submission) => {
    const { events } = dependencies.metrics;
    try {
      const accepted = await accept(dependencies, read(), submission);
      events.inc({ outcome: 'accepted' });
      return accepted;
    } catch (error) {
      events.inc({ outcome: outcomeOf(error) });
      throw error;
    }
  };

async function accept(
  { checkConsumer, checkEventType, publish, clock, logger, metrics }: AcceptDependencies,
  draft: EventDraft,
  submission: Submission,
): Promise<Accepted> {
  const beganMs = clock.monotonicMs();
  const location = { ...submission, pointer: '' };
  checkConsumer(draft.request, location);
  const notice = checkEventType(draft, location);
  const acceptedAtMs = clock.nowMs();
  const stamped = stampEvent(draft, { ...submission, nowMs: acceptedAtMs });
  const observe = (outcome: ReturnType<typeof outcomeOf> | 'accepted'): number => {
    const tookMs = clock.monotonicMs() - beganMs;
    metrics.publishSeconds.observe({ outcome }, tookMs / 1_000, submission.traceparent);
    return tookMs;
  };
  let published: Published;
  try {
    published = await publish([stamped], submission);
  } catch (error) {
    observe(outcomeOf(error));
    throw error;
  }
  const tookMs = observe('accepted');
  metrics.acceptedBytes.inc({}, dataBytesOf(stamped.event));
  logger.info({ ...lineOf(stamped), published, tookMs: Math.round(tookMs) }, 'event.accepted');
  return { id: stamped.event.id, type: stamped.event.eventType, acceptedAtMs, notice };
}

const lineOf = ({ event }: StampedEvent): Readonly<Record<string, unknown>> => ({
  eventId: event.id,
  eventType: event.eventType,
  workspaceId: event.workspaceId,
  consumerId: event.consumerId,
  source: event.source,
  callerId: event.callerId,
  orderingKey: event.orderingKey,
  bytes: dataBytesOf(event),
  ...traceFields(event.traceparent),
});
