import {
  type AttemptEnd,
  type AttemptSummary,
  type CompletedRequest,
  type DeliveryState,
  headerText,
  type SubscriptionRecord,
} from '@tidings/contracts';

/** An attempt whose request is about to be sent: Prepared → Concluded. Times are epoch milliseconds. */
export type PreparedAttempt = Readonly<{
  state: DeliveryState;
  subscription: SubscriptionRecord;
  atMs: number;
}>;

/** An attempt whose request has ended. */
export type ConcludedAttempt = PreparedAttempt &
  Readonly<{
    endedAtMs: number;
    durationMs: number;
    /** The part of the duration that the endpoint certainly took, see `endpointMs`. */
    endpointMs: number;
    outcome: AttemptEnd;
    /** The text of the exchange, as the attempt event carries it. */
    exchange: string;
    /** The response's Retry-After header, if its status allows one. */
    retryAfter: string | undefined;
  }>;

/** A request that has ended: what was read, and what of it is recorded. */
export type EndedRequest = Readonly<{
  sent: Pick<CompletedRequest, 'status' | 'headers'>;
  outcome: AttemptEnd;
  exchange: string;
}>;

/**
 * Combines an attempt with its outcome. Only 429 and 503 may carry Retry-After (RFC 6585, RFC 9110), also if their body
 * failed.
 */
export const conclude = (
  { state, subscription, atMs }: PreparedAttempt,
  { sent, outcome, exchange }: EndedRequest,
  ended: Pick<ConcludedAttempt, 'endedAtMs' | 'durationMs' | 'endpointMs'>,
): ConcludedAttempt => {
  const mayRequestDelay = sent.status === 429 || sent.status === 503;
  const retryAfter = mayRequestDelay ? headerText(sent.headers, 'retry-after') : undefined;
  return { state, subscription, atMs, ...ended, outcome, exchange, retryAfter };
};

/** Returns the summary of an attempt that commands and dead letters carry. */
export const summaryOf = ({ atMs, durationMs, outcome }: ConcludedAttempt): AttemptSummary => ({
  atMs,
  statusCode: outcome.statusCode,
  reason: outcome.kind === 'failed' ? outcome.reason : null,
  durationMs,
});
