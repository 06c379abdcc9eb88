import {
  type AttemptEnd,
  type AttemptSummary,
  type DeliveryState,
  endOfFailure,
  endOfResponse,
  type SubscriptionRecord,
} from '@tidings/contracts';
import type { SendOutcome } from './send-outcome.ts';

/** An attempt whose request is about to go out: Prepared → Concluded. Times are epoch milliseconds. */
export type PreparedAttempt = Readonly<{
  state: DeliveryState;
  subscription: SubscriptionRecord;
  atMs: number;
}>;

/** An attempt whose request has ended, one way or the other. */
export type ConcludedAttempt = PreparedAttempt &
  Readonly<{
    endedAtMs: number;
    durationMs: number;
    /** The part of it that the endpoint took for certain, see `endpointMs`. */
    endpointMs: number;
    outcome: AttemptEnd;
    /** What the endpoint sent as Retry-After, if its status is one that may. */
    retryAfter: string | undefined;
  }>;

const endOf = (sent: Exclude<SendOutcome, { kind: 'aborted' }>): AttemptEnd =>
  sent.kind === 'failed' ? endOfFailure(sent.reason, sent.status) : endOfResponse(sent.status, sent.body);

/** The attempt with what came of it. Only 429 and 503 may ask for time (RFC 6585, RFC 9110). */
export const conclude = (
  { state, subscription, atMs }: PreparedAttempt,
  sent: Exclude<SendOutcome, { kind: 'aborted' }>,
  ended: Pick<ConcludedAttempt, 'endedAtMs' | 'durationMs' | 'endpointMs'>,
): ConcludedAttempt => {
  const mayAsk = sent.kind === 'response' && (sent.status === 429 || sent.status === 503);
  const retryAfter = mayAsk ? sent.headers['retry-after'] : undefined;
  return { state, subscription, atMs, ...ended, outcome: endOf(sent), retryAfter };
};

/** The attempt in one line, as commands and dead letters carry it on. */
export const summaryOf = ({ atMs, durationMs, outcome }: ConcludedAttempt): AttemptSummary => ({
  atMs,
  statusCode: outcome.statusCode,
  reason: outcome.kind === 'failed' ? outcome.reason : null,
  durationMs,
});
