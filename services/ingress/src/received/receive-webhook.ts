import type { SourceRecord, WorkspaceId } from '@tidings/contracts';
import { InboundHeaders, type ReceivedHook, receiveHook } from '@tidings/inbound';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock, type KeyRing, messageOf, unseal } from '@tidings/runtime';
import { outcomeOf } from '../accept-event.ts';
import { maxReceivedBytes, maxReceivedEvents } from '../config.ts';
import type { StampedEvent } from '../domain/stamp-event.ts';
import { stampHook } from '../domain/stamp-hook.ts';
import { acceptedFactOf } from '../domain/webhook-fact.ts';
import type { metricsCatalogue } from '../metrics.ts';
import type { EventTypeDirectory, PublishEvents, Published } from '../ports.ts';
import { type FindSource, findActiveSource } from './find-source.ts';
import type { ReceivedLog } from './received-log.ts';
import { type ActiveSource, noteRefusal, Refused, refusal } from './refuse-webhook.ts';

/**
 * A webhook as it arrived. `rawHeaders`: names and values in turn; `url`: as the sender used it; `arrivedMs`: monotonic time
 * at which its headers were complete.
 */
export type IncomingWebhook = Readonly<{
  sourceId: string;
  url: string;
  rawHeaders: readonly string[];
  body: Buffer;
  traceparent: string;
  arrivedMs: number;
}>;

/** Dependencies of receiving webhooks. */
export type ReceiveDependencies = FindSource &
  Readonly<{
    eventTypes: Pick<EventTypeDirectory, 'find'>;
    /** Called with each type that is not in the catalogue. Returns at once and never throws. */
    onUnregistered(workspaceId: WorkspaceId, name: string): void;
    publish: PublishEvents;
    /** The longest wait for the log, in milliseconds. */
    publishDeadlineMs: number;
    received: Pick<ReceivedLog, 'accepted' | 'checked' | 'refused'>;
    ring: KeyRing;
    clock: Clock;
    logger: Logger;
    metrics: Metrics<typeof metricsCatalogue>['handles'];
  }>;

/** The place of the events of a webhook, or the response to one that only checks the endpoint. */
export type WebhookResult = Readonly<{ published: Published } | { challenge: object }>;

// For the way of the response, and of the request to this process.
const marginMs = 500;
const leastMs = 100;

/**
 * Creates the use case that receives a webhook: resolves when the log has all of its events on all in-sync replicas, or
 * the spool has them, or with the response to a check of the endpoint. Rejects with `unauthorized` for a webhook that is
 * not the provider's, without the reason, with `unprocessable` for one without any event, and with the errors of the publish port.
 */
export const createReceiveWebhook =
  (dependencies: ReceiveDependencies) =>
  async (webhook: IncomingWebhook): Promise<WebhookResult> => {
    const { metrics } = dependencies;
    const active = findActiveSource(dependencies, webhook.sourceId);
    const provider = active.provider.name;
    try {
      const result = await receive(dependencies, active, webhook);
      metrics.webhooks.inc({ provider, outcome: 'challenge' in result ? 'checked' : 'accepted' });
      return result;
    } catch (error) {
      const { body, traceparent } = webhook;
      const about = { bytes: body.length, traceparent };
      if (error instanceof Refused) noteRefusal(dependencies, active, { ...about, reason: error.reason });
      else if (isTooLarge(error)) noteRefusal(dependencies, active, { ...about, reason: 'too-large' });
      else {
        metrics.webhooks.inc({ provider, outcome: outcomeOf(error) });
        dependencies.received.refused(active.source, { ...about, reason: 'unavailable' });
      }
      throw error;
    }
  };

const isTooLarge = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'payload-too-large';

async function receive(
  dependencies: ReceiveDependencies,
  { source, provider }: ActiveSource,
  { url, rawHeaders, body, traceparent, arrivedMs }: IncomingWebhook,
): Promise<WebhookResult> {
  const { clock, logger } = dependencies;
  const beganMs = clock.monotonicMs();
  const nowMs = clock.nowMs();
  const about = { sourceId: source.id, workspaceId: source.workspaceId, provider: provider.name };
  const reception = receiveHook(
    provider,
    { url, headers: new InboundHeaders(rawHeaders), body },
    {
      secrets: openSecrets(dependencies, source, nowMs),
      options: source.options,
      nowSeconds: Math.floor(nowMs / 1_000),
    },
  );
  if (reception.outcome === 'empty') throw new Refused('empty');
  if (reception.outcome === 'refused') throw new Refused(reception.reason);
  if (reception.outcome === 'challenge') {
    dependencies.received.checked(source, body.length);
    return { challenge: reception.response };
  }
  const { hooks, headers } = reception;
  refuseTooMany(hooks);
  const stamped = hooks.map((hook) => stampHook(hook, { source, headers, traceparent, nowMs }));
  // In order: the producer keeps it within a partition, where events of one ordering key are.
  const published = await publish(dependencies, {
    ...{ source, provider, stamped, bytes: body.length },
    deadlineMs: deadlineOf(dependencies, provider, beganMs - arrivedMs),
  });
  catalogue(dependencies, source, hooks);
  dependencies.metrics.receivedEvents.inc({ provider: provider.name }, hooks.length);
  const tookMs = Math.round(clock.monotonicMs() - beganMs);
  const [first] = stamped;
  const shown = {
    eventId: first?.event.id,
    eventType: first?.event.eventType,
    callerId: first?.event.callerId,
  };
  logger.info(
    { ...about, ...shown, events: hooks.length, bytes: body.length, published, traceparent, tookMs },
    'webhook.accepted',
  );
  return { published };
}

/** The events of a webhook, the size of its body, and how long the log may take, in milliseconds. */
type ToPublish = ActiveSource &
  Readonly<{ stamped: readonly StampedEvent[]; bytes: number; deadlineMs: number }>;

/** Publishes the events of a webhook, and notes it in the log of its source: now, or when they leave the spool. */
async function publish(
  dependencies: Pick<ReceiveDependencies, 'publish' | 'received'>,
  { source, provider, stamped, bytes, deadlineMs }: ToPublish,
): Promise<Published> {
  const eventIds = stamped.map(({ event }) => event.id);
  const accepted = { bytes, eventType: stamped[0]?.event.eventType ?? null, eventIds };
  const published = await dependencies.publish(stamped, {
    maySpool: source.spool ?? provider.neverRepeats === true,
    deadlineMs,
    spooledFact: (atMs) => ({ ...acceptedFactOf(source, accepted, atMs), isSpooled: true }),
  });
  if (published === 'log') dependencies.received.accepted(source, accepted);
  return published;
}

/** Returns how long the log may take, so that the response comes before the provider gives up. */
function deadlineOf(
  { publishDeadlineMs }: Pick<ReceiveDependencies, 'publishDeadlineMs'>,
  { answerWithinMs }: ActiveSource['provider'],
  spentMs: number,
): number {
  return Math.min(publishDeadlineMs, Math.max(leastMs, answerWithinMs - marginMs - spentMs));
}

/** Returns the valid secrets. A seal that does not open is a fault here: the sender may repeat the webhook. */
function openSecrets(
  { ring, logger }: Pick<ReceiveDependencies, 'ring' | 'logger'>,
  { id, workspaceId, secrets }: SourceRecord,
  nowMs: number,
): readonly string[] {
  try {
    return secrets
      .filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs)
      .map(({ sealed }) => unseal(ring, sealed, [workspaceId, id, 'secrets']));
  } catch (cause) {
    logger.error({ sourceId: id, workspaceId, detail: messageOf(cause) }, 'source.secrets-not-opened');
    throw new AppError({ code: 'unavailable', message: 'the secrets of the source do not open', cause });
  }
}

function refuseTooMany(hooks: readonly ReceivedHook[]): void {
  const isTooMany = hooks.length > maxReceivedEvents;
  if (!isTooMany && hooks.every(({ data }) => data.length <= maxReceivedBytes)) return;
  throw new AppError({ code: 'payload-too-large', message: refusal });
}

function catalogue(
  { eventTypes, onUnregistered }: Pick<ReceiveDependencies, 'eventTypes' | 'onUnregistered'>,
  { workspaceId }: SourceRecord,
  hooks: readonly ReceivedHook[],
): void {
  for (const type of new Set(hooks.map((hook) => hook.type)))
    if (eventTypes.find(workspaceId, type) === undefined) onUnregistered(workspaceId, type);
}
