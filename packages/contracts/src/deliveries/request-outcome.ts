import type { HeaderFields } from '../wire/header-fields.ts';
import type { AttemptEnd } from './attempt.ts';
import type { FailureReason } from './outcome.ts';

/**
 * Duration of each phase of a request, in milliseconds; null for a phase that it skipped or did not reach. The phase in
 * which a request failed has the time until the failure.
 */
export type PhaseTimings = Readonly<{
  /** The name lookup; null for a literal address and for a cached answer. */
  dnsMs: number | null;
  /** TCP; null if the socket was reused. */
  connectMs: number | null;
  /** The TLS handshake; null if the socket was reused and without TLS. */
  tlsMs: number | null;
  /** From handing the request to the socket to the end of the response's header, or to the failure. */
  firstByteMs: number | null;
  /** From there to the last byte read, or to the failure. */
  bodyMs: number | null;
  /** From the start of the request to its outcome. */
  totalMs: number;
}>;

/** The failure reasons of a request without a complete response. */
export type RequestFailureReason = Extract<
  FailureReason,
  'timeout' | 'dns' | 'refused' | 'reset' | 'tls' | 'blocked-address' | 'protocol' | 'invalid-url'
>;

/**
 * The outcome of one HTTP request to an endpoint. A response of any status is a response, including a redirect, which is
 * never followed. `detail` is for operators only: it may contain addresses.
 */
export type RequestOutcome =
  | Readonly<{
      kind: 'response';
      status: number;
      headers: HeaderFields;
      /** As sent, never decompressed; at most as many bytes as the request allowed. */
      body: Buffer;
      /** True if the body was longer than the part read; the socket was destroyed then. */
      truncated: boolean;
      timings: PhaseTimings;
    }>
  | Readonly<{
      kind: 'failed';
      reason: RequestFailureReason;
      detail: string;
      /** The status if the header was read completely before the body failed; else null. */
      status: number | null;
      /** The headers that were read with the status; empty without a status. */
      headers: HeaderFields;
      /** The part of the body that was read before the failure. */
      body: Buffer;
      /**
       * True if a reused socket was lost before any byte of the response: the endpoint had most likely closed it while
       * it was idle, so an immediate repeat is no second attempt.
       */
      beforeAnyByte: boolean;
      timings: PhaseTimings;
    }>
  /**
   * No fault of the endpoint and no attempt: the client was closed, the caller's signal fired, no socket became free, or
   * the client itself failed.
   */
  | Readonly<{ kind: 'aborted'; detail: string; beforeAnyByte: boolean; timings: PhaseTimings }>;

/** An outcome that counts as an attempt. */
export type CompletedRequest = Exclude<RequestOutcome, { kind: 'aborted' }>;

/** Maximum length of the excerpt of a response, in bytes. */
export const maxExcerptBytes = 1_024;

/**
 * Returns the first bytes of a text in UTF-8, at most `maxBytes`, without a character whose last bytes are missing (RFC
 * 3629: its first byte says how many it has).
 */
export const textStart = (bytes: Buffer, maxBytes: number): Buffer => {
  const start = bytes.subarray(0, maxBytes);
  for (let back = 1; back <= 3; back += 1) {
    const byte = start[start.length - back] ?? 0;
    const isContinuation = (byte & 0xc0) === 0x80;
    if (isContinuation) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? start.subarray(0, start.length - back) : start;
  }
  return start;
};

const failureOfStatus = (status: number): FailureReason => {
  if (status === 410) return 'gone';
  if (status === 429) return 'rate-limited';
  return status >= 300 && status < 400 ? 'redirect' : 'http-status';
};

/**
 * Returns how an attempt ended by the outcome of its request: 2xx is delivered, every other status failed. Of a request
 * without a complete response, a 410 is `gone` without its body (RFC 9110 section 15.5.11); with any other status
 * `reason` counts.
 */
export const endOfRequest = (
  outcome:
    | Readonly<{ kind: 'response'; status: number; body: Buffer }>
    | Readonly<{ kind: 'failed'; reason: FailureReason; status: number | null }>,
): AttemptEnd => {
  const { status } = outcome;
  if (outcome.kind === 'failed') {
    const reason = status === 410 ? 'gone' : outcome.reason;
    return { kind: 'failed', reason, statusCode: status, responseExcerpt: null };
  }
  const { body } = outcome;
  const responseExcerpt = body.length === 0 ? null : textStart(body, maxExcerptBytes).toString('utf8');
  return outcome.status >= 200 && outcome.status < 300
    ? { kind: 'delivered', statusCode: outcome.status, responseExcerpt }
    : {
        kind: 'failed',
        reason: failureOfStatus(outcome.status),
        statusCode: outcome.status,
        responseExcerpt,
      };
};
