import type {
  AttemptOutcome,
  AttemptSummary,
  DeliveryState,
  FailureReason,
  SubscriptionRecord,
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
    outcome: Extract<AttemptOutcome, { kind: 'delivered' | 'failed' }>;
    /** What the endpoint sent as Retry-After, if its status is one that may. */
    retryAfter: string | undefined;
  }>;

/** What partners and dead letters keep of a response, in bytes. */
const maxExcerptBytes = 1_024;

const reasonOf = (status: number): FailureReason => {
  if (status === 410) return 'gone';
  if (status === 429) return 'rate-limited';
  return status >= 300 && status < 400 ? 'redirect' : 'http-status';
};

const excerptOf = (body: Buffer): string | null =>
  body.length === 0 ? null : body.toString('utf8', 0, maxExcerptBytes);

const outcomeOf = (sent: Exclude<SendOutcome, { kind: 'aborted' }>): ConcludedAttempt['outcome'] => {
  if (sent.kind === 'failed') {
    return { kind: 'failed', reason: sent.reason, statusCode: null, responseExcerpt: null };
  }
  const { status } = sent;
  const responseExcerpt = excerptOf(sent.body);
  return status >= 200 && status < 300
    ? { kind: 'delivered', statusCode: status, responseExcerpt }
    : { kind: 'failed', reason: reasonOf(status), statusCode: status, responseExcerpt };
};

/** The attempt with what came of it. Only 429 and 503 may ask for time (RFC 6585, RFC 9110). */
export const conclude = (
  { state, subscription, atMs }: PreparedAttempt,
  sent: Exclude<SendOutcome, { kind: 'aborted' }>,
  { endedAtMs, durationMs }: Readonly<{ endedAtMs: number; durationMs: number }>,
): ConcludedAttempt => {
  const mayAsk = sent.kind === 'response' && (sent.status === 429 || sent.status === 503);
  const retryAfter = mayAsk ? sent.headers['retry-after'] : undefined;
  return { state, subscription, atMs, endedAtMs, durationMs, outcome: outcomeOf(sent), retryAfter };
};

/** The attempt in one line, as commands and dead letters carry it on. */
export const summaryOf = ({ atMs, durationMs, outcome }: ConcludedAttempt): AttemptSummary => ({
  atMs,
  statusCode: outcome.statusCode,
  reason: outcome.kind === 'failed' ? outcome.reason : null,
  durationMs,
});
