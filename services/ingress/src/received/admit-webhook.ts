import type { RefusalReason } from '@tidings/contracts';
import type { BodyLimits } from '@tidings/http';
import { checkHeaders, InboundHeaders } from '@tidings/inbound';
import type { Clock, ErrorCode } from '@tidings/runtime';
import { maxReceivedBytes } from '../config.ts';
import type { BodySlots } from './body-slots.ts';
import { type FindSource, findActiveSource } from './find-source.ts';
import { noteRefusal, type RefusalParts, Refused, refusal } from './refuse-webhook.ts';

/** A webhook of which only the headers have come. `announcedBytes`: null if the body does not say its size. */
export type ArrivingWebhook = Readonly<{
  sourceId: string;
  rawHeaders: readonly string[];
  announcedBytes: number | null;
  traceparent: string;
  /** Calls the listener once, when the response was sent or the connection has ended. */
  onEnd(listener: () => void): void;
}>;

/** Dependencies of admitting webhooks. */
export type AdmitDependencies = FindSource &
  RefusalParts &
  Readonly<{ slots: BodySlots; clock: Pick<Clock, 'nowMs'> }>;

const reasons: Readonly<Partial<Record<ErrorCode, RefusalReason>>> = {
  'payload-too-large': 'too-large',
  'unsupported-media-type': 'content-type',
};

/**
 * Creates the use case that decides by the headers of a webhook if its body is read. Returns the limits of the body;
 * throws AppError `not-found` without such a source, `unauthorized` if the headers show that it is not the provider's, and
 * `rate-limited` while too many bodies are in memory.
 */
export const createAdmitWebhook =
  (dependencies: AdmitDependencies) =>
  ({ sourceId, rawHeaders, announcedBytes, traceparent, onEnd }: ArrivingWebhook): BodyLimits => {
    const active = findActiveSource(dependencies, sourceId);
    const { source, provider } = active;
    const note = (reason: RefusalReason): void =>
      noteRefusal(dependencies, active, { reason, bytes: null, traceparent });
    const nowSeconds = Math.floor(dependencies.clock.nowMs() / 1_000);
    const { options } = source;
    const failure = checkHeaders(provider, new InboundHeaders(rawHeaders), { options, nowSeconds });
    const maxBytes = Math.min(provider.maxBytes, maxReceivedBytes);
    const release =
      failure === null
        ? dependencies.slots.take(source.id, Math.min(announcedBytes ?? maxBytes, maxBytes))
        : null;
    if (release === null) {
      note(failure ?? 'overloaded');
      throw new Refused(failure ?? 'overloaded');
    }
    onEnd(release);
    const onRefused: BodyLimits['onRefused'] = ({ code }) => note(reasons[code] ?? 'incomplete');
    return { maxBytes, types: provider.contentTypes, refusal, onRefused };
  };
