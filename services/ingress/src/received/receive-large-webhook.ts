import { type InboundHeaders, readLargeHook } from '@tidings/inbound';
import { AppError } from '@tidings/runtime';
import { stampHook } from '../domain/stamp-hook.ts';
import { type Staging, withStaged } from '../large-data/with-staged.ts';
import type { Published } from '../ports.ts';
import { type SecretParts, verificationOf } from './open-secrets.ts';
import { type PublishWebhookParts, publishWebhook } from './publish-webhook.ts';
import { type ActiveSource, BodyRefused, Refused, refusal } from './refuse-webhook.ts';

/** Dependencies of receiving webhooks whose bodies are not held. */
export type ReceiveLargeParts = PublishWebhookParts & SecretParts & Staging;

/** A webhook with a body that comes in chunks. */
export type LargeWebhook = Readonly<{
  url: string;
  headers: InboundHeaders;
  body: AsyncIterable<Buffer>;
  traceparent: string;
  arrivedMs: number;
}>;

/**
 * Receives a webhook whose body is too large for a record. It is staged in the object storage while it is verified and
 * hashed; one that is refused leaves nothing. Rejects as `createReceiveWebhook`, and with `payload-too-large` if its signature
 * needs the whole body, or the body is no JSON.
 */
export async function receiveLargeWebhook(
  parts: ReceiveLargeParts,
  active: ActiveSource,
  { url, headers, body, traceparent, arrivedMs }: LargeWebhook,
): Promise<Published> {
  const { source, provider } = active;
  const nowMs = parts.clock.nowMs();
  const reader = readLargeHook(provider, { url, headers }, verificationOf(parts, source, nowMs));
  if (reader === null) throw tooLarge();
  return withSlot(async () =>
    withStaged(parts, source.workspaceId, async (staged) => {
      for await (const chunk of refusing(body)) {
        reader.push(chunk);
        await staged.write(chunk);
      }
      const reception = reader.end();
      if (reception.outcome === 'refused') throw new Refused(reception.reason);
      if (reception.outcome === 'unreadable') throw tooLarge();
      const { large } = reception.hook;
      const hook = { ...reception.hook, data: Buffer.alloc(0) };
      const stamped = stampHook(hook, { source, headers: reception.headers, traceparent, nowMs });
      const { workspaceId, id: eventId } = stamped.event;
      await staged.finish({ workspaceId, eventId, sha256: large.sha256 });
      const webhook = { stamped: [stamped], bytes: large.bytes, traceparent, arrivedMs };
      const published = await publishWebhook(parts, active, webhook);
      parts.metrics.largeBytes.inc({}, large.bytes);
      return published;
    }),
  );
}

async function* refusing(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  try {
    yield* body;
  } catch (error) {
    throw error instanceof AppError ? new BodyRefused(error) : error;
  }
}

const tooLarge = (): AppError => new AppError({ code: 'payload-too-large', message: refusal });

/** Refuses a webhook for which there is no slot as one for whose body there is no memory. */
async function withSlot(work: () => Promise<Published>): Promise<Published> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof AppError && error.code === 'rate-limited' ? new Refused('overloaded') : error;
  }
}
