import type { RefusalReason } from '@tidings/contracts';
import type { BodyLimits } from '@tidings/http';
import { checkHeaders, type InboundHeaders } from '@tidings/inbound';
import type { Clock, ErrorCode } from '@tidings/runtime';
import type { Incoming, RequestAdmission } from '../admission/admit-request.ts';
import { maxReceivedBytes } from '../config.ts';
import { type FindSource, findActiveSource } from './find-source.ts';
import { type ActiveSource, noteRefusal, type RefusalParts, Refused, refusal } from './refuse-webhook.ts';

/** A webhook of which only the headers have come. `announcedBytes`: null if the body does not say its size. */
export type ArrivingWebhook = Readonly<{
  sourceId: string;
  headers: InboundHeaders;
  announcedBytes: number | null;
  traceparent: string;
  exchange: Incoming;
}>;

/** Dependencies of admitting webhooks. */
export type AdmitDependencies = FindSource &
  RefusalParts &
  Readonly<{
    admission: Pick<RequestAdmission, 'take' | 'refused'>;
    /** Maximum size of a body that goes to the object storage, in bytes; 0: none does. */
    maxLargeBytes: number;
    clock: Pick<Clock, 'nowMs'>;
  }>;

const reasons: Readonly<Partial<Record<ErrorCode, RefusalReason>>> = {
  'payload-too-large': 'too-large',
  'unsupported-media-type': 'content-type',
};

/** Returns the largest body of a source: the provider's maximum, the source's own, and what this installation takes. */
function maxBytesOf({ source, provider }: ActiveSource, maxLargeBytes: number): number {
  const largest = provider.checkBody === undefined ? 0 : maxLargeBytes;
  const own = source.maxPayloadBytes ?? Number.POSITIVE_INFINITY;
  return Math.min(provider.maxBytes, own, Math.max(maxReceivedBytes, largest));
}

/**
 * Creates the use case that decides by the headers of a webhook if its body is read. Returns the limits of the body;
 * throws AppError `not-found` without such a source, `unauthorized` if the headers show that it is not the provider's,
 * `rate-limited` while the source has more than its share in progress, and `unavailable` while all is full.
 */
export const createAdmitWebhook =
  (dependencies: AdmitDependencies) =>
  ({ sourceId, headers, announcedBytes, traceparent, exchange }: ArrivingWebhook): BodyLimits => {
    const active = findActiveSource(dependencies, sourceId);
    const { source, provider } = active;
    const note = (reason: RefusalReason): void =>
      noteRefusal(dependencies, active, { reason, bytes: null, traceparent });
    const nowSeconds = Math.floor(dependencies.clock.nowMs() / 1_000);
    const { options } = source;
    const failure = checkHeaders(provider, headers, { options, nowSeconds });
    if (failure !== null) {
      note(failure);
      throw new Refused(failure);
    }
    const maxBytes = maxBytesOf(active, dependencies.maxLargeBytes);
    const full = dependencies.admission.take(exchange, {
      sender: source.id,
      // Of a larger one no more is held.
      bytes: Math.min(announcedBytes ?? maxBytes, maxBytes, maxReceivedBytes),
      isLast: source.spool ?? provider.neverRepeats === true,
    });
    if (full !== null) {
      note('overloaded');
      throw dependencies.admission.refused(full, refusal);
    }
    const onRefused: BodyLimits['onRefused'] = ({ code }) => note(reasons[code] ?? 'incomplete');
    return { maxBytes, types: provider.contentTypes, refusal, onRefused };
  };
