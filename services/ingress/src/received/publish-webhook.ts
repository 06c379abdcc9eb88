import type { WorkspaceId } from '@tidings/contracts';
import { type Logger, type Metrics, traceFields } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { StampedEvent } from '../domain/stamp-event.ts';
import { acceptedFactOf } from '../domain/webhook-fact.ts';
import type { metricsCatalogue } from '../metrics.ts';
import type { EventTypeDirectory, PublishEvents, Published } from '../ports.ts';
import type { ReceivedLog } from './received-log.ts';
import type { ActiveSource } from './refuse-webhook.ts';

/** Dependencies of publishing webhooks. */
export type PublishWebhookParts = Readonly<{
  eventTypes: Pick<EventTypeDirectory, 'find'>;
  /** Called with each type that is not in the catalogue. Returns at once and never throws. */
  onUnregistered(workspaceId: WorkspaceId, name: string): void;
  publish: PublishEvents;
  /** The longest wait for the log, in milliseconds. */
  publishDeadlineMs: number;
  received: Pick<ReceivedLog, 'accepted'>;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

/** The events of a verified webhook. `bytes`: the size of its body; `arrivedMs`: monotonic time of its headers. */
export type VerifiedWebhook = Readonly<{
  stamped: readonly StampedEvent[];
  bytes: number;
  traceparent: string;
  arrivedMs: number;
}>;

// For the way of the response, and of the request to this process.
const marginMs = 500;
const leastMs = 100;

/**
 * Publishes the events of a webhook in order, and notes it in the log of its source: now, or when they leave the spool. The
 * producer keeps the order within a partition, where events of one ordering key are. Rejects with the errors of the port.
 */
export async function publishWebhook(
  parts: PublishWebhookParts,
  { source, provider }: ActiveSource,
  webhook: VerifiedWebhook,
): Promise<Published> {
  const { clock, logger, metrics } = parts;
  const { stamped, bytes, traceparent, arrivedMs } = webhook;
  const beganMs = clock.monotonicMs();
  const [first] = stamped;
  const eventIds = stamped.map(({ event }) => event.id);
  const accepted = { bytes, eventType: first?.event.eventType ?? null, eventIds };
  const published = await parts.publish(stamped, {
    maySpool: source.spool ?? provider.neverRepeats === true,
    deadlineMs: deadlineOf(parts, provider, beganMs - arrivedMs),
    spooledFact: (atMs) => ({ ...acceptedFactOf(source, accepted, atMs), isSpooled: true }),
  });
  if (published === 'log') parts.received.accepted(source, accepted);
  catalogue(parts, source.workspaceId, stamped);
  metrics.receivedEvents.inc({ provider: provider.name }, stamped.length);
  const tookMs = Math.round(clock.monotonicMs() - beganMs);
  const about = { sourceId: source.id, workspaceId: source.workspaceId, provider: provider.name };
  const shown = {
    eventId: first?.event.id,
    eventType: first?.event.eventType,
    callerId: first?.event.callerId,
  };
  logger.info(
    { ...about, ...shown, events: stamped.length, bytes, published, ...traceFields(traceparent), tookMs },
    'webhook.accepted',
  );
  return published;
}

/** Returns how long the log may take, so that the response comes before the provider gives up. */
function deadlineOf(
  { publishDeadlineMs }: Pick<PublishWebhookParts, 'publishDeadlineMs'>,
  { answerWithinMs }: ActiveSource['provider'],
  spentMs: number,
): number {
  return Math.min(publishDeadlineMs, Math.max(leastMs, answerWithinMs - marginMs - spentMs));
}

function catalogue(
  { eventTypes, onUnregistered }: Pick<PublishWebhookParts, 'eventTypes' | 'onUnregistered'>,
  workspaceId: WorkspaceId,
  stamped: readonly StampedEvent[],
): void {
  for (const type of new Set(stamped.map(({ event }) => event.eventType)))
    if (eventTypes.find(workspaceId, type) === undefined) onUnregistered(workspaceId, type);
}
