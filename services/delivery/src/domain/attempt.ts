import {
  type AttemptEnd,
  type AttemptSummary,
  type DeliveryState,
  endOfFailure,
  endOfResponse,
  type FailureReason,
  type SubscriptionRecord,
} from '@tidings/contracts';

/** Duration of each phase of a request in milliseconds; null for a phase that did not take place. */
export type SendTimings = Readonly<{
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  firstByteMs: number | null;
  bodyMs: number | null;
  totalMs: number;
}>;

/** The outcome of one request. `detail` is for operators only: it may contain addresses. */
export type SendOutcome =
  | Readonly<{
      kind: 'response';
      status: number;
      /** Names in lower case. */
      headers: Readonly<Record<string, string>>;
      body: Buffer;
      timings: SendTimings;
    }>
  | Readonly<{
      kind: 'failed';
      reason: Extract<
        FailureReason,
        'timeout' | 'dns' | 'refused' | 'reset' | 'tls' | 'protocol' | 'blocked-address' | 'invalid-url'
      >;
      /** The status, if it was read before the request failed. */
      status: number | null;
      /** The headers that were read with the status, names in lower case; empty without a status. */
      headers: Readonly<Record<string, string>>;
      detail: string;
      timings: SendTimings;
    }>
  /** Aborted by this process (shutdown, no socket): not an attempt of the endpoint, so nothing is recorded. */
  | Readonly<{ kind: 'aborted'; detail: string }>;

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
    /** The response's Retry-After header, if its status allows one. */
    retryAfter: string | undefined;
  }>;

const endOf = (sent: Exclude<SendOutcome, { kind: 'aborted' }>): AttemptEnd =>
  sent.kind === 'failed' ? endOfFailure(sent.reason, sent.status) : endOfResponse(sent.status, sent.body);

/**
 * Combines an attempt with its outcome. Only 429 and 503 may carry Retry-After (RFC 6585, RFC 9110), also if their body
 * failed.
 */
export const conclude = (
  { state, subscription, atMs }: PreparedAttempt,
  sent: Exclude<SendOutcome, { kind: 'aborted' }>,
  ended: Pick<ConcludedAttempt, 'endedAtMs' | 'durationMs' | 'endpointMs'>,
): ConcludedAttempt => {
  const mayRequestDelay = sent.status === 429 || sent.status === 503;
  const retryAfter = mayRequestDelay ? sent.headers['retry-after'] : undefined;
  return { state, subscription, atMs, ...ended, outcome: endOf(sent), retryAfter };
};

/** Returns the summary of an attempt that commands and dead letters carry. */
export const summaryOf = ({ atMs, durationMs, outcome }: ConcludedAttempt): AttemptSummary => ({
  atMs,
  statusCode: outcome.statusCode,
  reason: outcome.kind === 'failed' ? outcome.reason : null,
  durationMs,
});
