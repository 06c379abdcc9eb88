import {
  type AttemptEnd,
  type AttemptSummary,
  type DeliveryState,
  endOfFailure,
  endOfResponse,
  type FailureReason,
  type SubscriptionRecord,
} from '@tidings/contracts';

/** Milliseconds of each phase of a request; null for a phase that it did not go through. */
export type SendTimings = Readonly<{
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  firstByteMs: number | null;
  bodyMs: number | null;
  totalMs: number;
}>;

/** What came of one request. `detail` is for operators only: it may name addresses. */
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
      /** The status, when it was read before the request failed. */
      status: number | null;
      detail: string;
      timings: SendTimings;
    }>
  /** We gave it up ourselves (shutdown, no socket): no attempt of the endpoint's, so nothing is recorded. */
  | Readonly<{ kind: 'aborted'; detail: string }>;

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
  const mayRequestDelay = sent.kind === 'response' && (sent.status === 429 || sent.status === 503);
  const retryAfter = mayRequestDelay ? sent.headers['retry-after'] : undefined;
  return { state, subscription, atMs, ...ended, outcome: endOf(sent), retryAfter };
};

/** The attempt in one line, as commands and dead letters carry it on. */
export const summaryOf = ({ atMs, durationMs, outcome }: ConcludedAttempt): AttemptSummary => ({
  atMs,
  statusCode: outcome.statusCode,
  reason: outcome.kind === 'failed' ? outcome.reason : null,
  durationMs,
});
