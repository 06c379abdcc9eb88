import type { SourceRecord, WorkspaceId } from '@tidings/contracts';
import { InboundHeaders, type Provider, providers, type ReceivedHook, receiveHook } from '@tidings/inbound';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock, type KeyRing, messageOf, unseal } from '@tidings/runtime';
import { outcomeOf } from './accept-event.ts';
import { maxReceivedBytes, maxReceivedEvents } from './config.ts';
import { stampHook } from './domain/stamp-hook.ts';
import type { metricsCatalogue } from './metrics.ts';
import type { EventTypeDirectory, PublishEvent, SourceDirectory } from './ports.ts';

/** A webhook as it arrived. `rawHeaders`: names and values in turn; `url`: as the sender used it. */
export type IncomingWebhook = Readonly<{
  sourceId: string;
  url: string;
  rawHeaders: readonly string[];
  body: Buffer;
  traceparent: string;
}>;

/** Dependencies of receiving webhooks. */
export type ReceiveDependencies = Readonly<{
  sources: SourceDirectory;
  eventTypes: Pick<EventTypeDirectory, 'find'>;
  /** Returns the state of a workspace; undefined for one that is not known. */
  stateOf(workspaceId: WorkspaceId): string | undefined;
  /** Called with each type that is not in the catalogue. Returns at once and never throws. */
  onUnregistered(workspaceId: WorkspaceId, name: string): void;
  publish: PublishEvent;
  ring: KeyRing;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

/** An active source and its provider. */
type ActiveSource = Readonly<{ source: SourceRecord; provider: Provider }>;

/** The text of every refusal: a stranger learns nothing, and the reason is in metrics and logs. */
export const refusal = 'The webhook is refused.';

/**
 * Returns an active source and its provider. Throws AppError `not-found` for any other id, and `unavailable` while the
 * sources are not loaded.
 */
export function findActiveSource(
  { sources, stateOf }: Pick<ReceiveDependencies, 'sources' | 'stateOf'>,
  id: string,
): ActiveSource {
  if (!sources.isLoaded()) {
    const message = 'This process has just started and does not know its sources yet: nothing was written.';
    throw new AppError({ code: 'unavailable', message, isPublic: true, retryAfterMs: 1_000 });
  }
  const source = sources.find(id);
  const provider = source === undefined ? undefined : providers.get(source.provider);
  const isOpen =
    source?.state === 'active' && provider !== undefined && stateOf(source.workspaceId) === 'active';
  if (!isOpen) throw new AppError({ code: 'not-found', message: refusal });
  return { source, provider };
}

/**
 * Creates the use case that receives a webhook: resolves when the log has all of its events on all in-sync replicas, with
 * the response to a check of the endpoint, else null. Rejects with `unauthorized` for a webhook that is not the
 * provider's, without the reason, with `unprocessable` for one without any event, and with the errors of the publish port.
 */
export const createReceiveWebhook =
  (dependencies: ReceiveDependencies) =>
  async (webhook: IncomingWebhook): Promise<object | null> => {
    const { metrics } = dependencies;
    const active = findActiveSource(dependencies, webhook.sourceId);
    const count = (outcome: string): void =>
      metrics.webhooks.inc({ provider: active.provider.name, outcome });
    try {
      const response = await receive(dependencies, active, webhook);
      count(response === null ? 'accepted' : 'checked');
      return response;
    } catch (error) {
      count(error instanceof Refused ? error.reason : isTooLarge(error) ? 'too-large' : outcomeOf(error));
      throw error;
    }
  };

const isTooLarge = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'payload-too-large';

/** A webhook that is not the provider's, or, with `unprocessable`, one that is and has no event. */
class Refused extends AppError {
  readonly reason: string;

  constructor(reason: string, code: 'unauthorized' | 'unprocessable') {
    super({ code, message: refusal });
    this.reason = reason;
  }
}

async function receive(
  dependencies: ReceiveDependencies,
  { source, provider }: ActiveSource,
  { url, rawHeaders, body, traceparent }: IncomingWebhook,
): Promise<object | null> {
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
  if (reception.outcome === 'refused' || reception.outcome === 'empty') {
    const [reason, code] =
      reception.outcome === 'empty'
        ? (['empty', 'unprocessable'] as const)
        : ([reception.reason, 'unauthorized'] as const);
    logger.info({ ...about, reason, bytes: body.length, traceparent }, 'webhook.refused');
    throw new Refused(reason, code);
  }
  if (reception.outcome === 'challenge') return reception.response;
  const { hooks, headers } = reception;
  refuseTooMany(hooks);
  const stamped = hooks.map((hook) => stampHook(hook, { source, headers, traceparent, nowMs }));
  // In order: the producer keeps it within a partition, where events of one ordering key are.
  await Promise.all(stamped.map(async (event) => dependencies.publish(event)));
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
    { ...about, ...shown, events: hooks.length, bytes: body.length, traceparent, tookMs },
    'webhook.accepted',
  );
  return null;
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
