import { type InboundHeaders, type ReceivedHook, receiveHook } from '@tidings/inbound';
import { AppError } from '@tidings/runtime';
import { outcomeOf } from '../accept-event.ts';
import { maxReceivedBytes, maxReceivedEvents } from '../config.ts';
import { stampHook } from '../domain/stamp-hook.ts';
import type { Published } from '../ports.ts';
import { type FindSource, findActiveSource } from './find-source.ts';
import { verificationOf } from './open-secrets.ts';
import { publishWebhook } from './publish-webhook.ts';
import { type ReceiveLargeParts, receiveLargeWebhook } from './receive-large-webhook.ts';
import type { ReceivedLog } from './received-log.ts';
import { type ActiveSource, BodyRefused, noteRefusal, Refused, refusal } from './refuse-webhook.ts';

/**
 * A webhook as it arrived. `url`: as the sender used it; `body`: a stream if it is too large to be held; `arrivedMs`: monotonic
 * time at which its headers were complete.
 */
export type IncomingWebhook = Readonly<{
  sourceId: string;
  url: string;
  headers: InboundHeaders;
  body: Buffer | AsyncIterable<Buffer>;
  traceparent: string;
  arrivedMs: number;
}>;

/** Dependencies of receiving webhooks. */
export type ReceiveDependencies = FindSource &
  ReceiveLargeParts &
  Readonly<{ received: Pick<ReceivedLog, 'accepted' | 'checked' | 'refused'> }>;

/** The place of the events of a webhook, or the response to one that only checks the endpoint. */
export type WebhookResult = Readonly<{ published: Published } | { challenge: object }>;

/**
 * Creates the use case that receives a webhook: resolves when the log has all of its events on all in-sync replicas, or
 * the spool has them, or with the response to a check of the endpoint. Rejects with `unauthorized` for a webhook that is
 * not the provider's, without the reason, with `unprocessable` for one without any event, and with the errors of the publish port.
 */
export const createReceiveWebhook =
  (dependencies: ReceiveDependencies) =>
  async (webhook: IncomingWebhook): Promise<WebhookResult> => {
    const { metrics } = dependencies;
    const { body, traceparent } = webhook;
    const active = findActiveSource(dependencies, webhook.sourceId);
    const provider = active.provider.name;
    try {
      const result = Buffer.isBuffer(body)
        ? await receive(dependencies, active, { ...webhook, body })
        : { published: await receiveLargeWebhook(dependencies, active, { ...webhook, body }) };
      metrics.webhooks.inc({ provider, outcome: 'challenge' in result ? 'checked' : 'accepted' });
      return result;
    } catch (error) {
      if (error instanceof BodyRefused) throw error;
      const about = { bytes: Buffer.isBuffer(body) ? body.length : null, traceparent };
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
  { url, headers, body, traceparent, arrivedMs }: IncomingWebhook & Readonly<{ body: Buffer }>,
): Promise<WebhookResult> {
  const nowMs = dependencies.clock.nowMs();
  const request = { url, headers, body };
  const reception = receiveHook(provider, request, verificationOf(dependencies, source, nowMs));
  if (reception.outcome === 'empty') throw new Refused('empty');
  if (reception.outcome === 'refused') throw new Refused(reception.reason);
  if (reception.outcome === 'challenge') {
    dependencies.received.checked(source, body.length);
    return { challenge: reception.response };
  }
  const { hooks, headers: kept } = reception;
  refuseTooMany(hooks);
  const stamped = hooks.map((hook) => stampHook(hook, { source, headers: kept, traceparent, nowMs }));
  const webhook = { stamped, bytes: body.length, traceparent, arrivedMs };
  return { published: await publishWebhook(dependencies, { source, provider }, webhook) };
}

function refuseTooMany(hooks: readonly ReceivedHook[]): void {
  const isTooMany = hooks.length > maxReceivedEvents;
  if (!isTooMany && hooks.every(({ data }) => data.length <= maxReceivedBytes)) return;
  throw new AppError({ code: 'payload-too-large', message: refusal });
}
