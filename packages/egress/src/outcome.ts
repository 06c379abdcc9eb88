import type { FailureReason } from '@tidings/contracts';

/**
 * Why a request got no answer. All but `aborted` are failure reasons of an attempt (contracts). `aborted` is ours, not
 * the endpoint's: the egress was closed, the caller's signal fired, no socket became free, or the client itself failed; it
 * is no attempt.
 */
export type EgressFailureReason =
  | Extract<
      FailureReason,
      'timeout' | 'dns' | 'refused' | 'reset' | 'tls' | 'blocked-address' | 'protocol' | 'invalid-url'
    >
  | 'aborted';

/** Milliseconds of each phase; null for a phase that this request did not go through. */
export type PhaseTimings = Readonly<{
  /** The name lookup; null for a literal address and when the answer was cached. */
  dnsMs: number | null;
  /** TCP; null when the socket was reused. */
  connectMs: number | null;
  /** The TLS handshake; null when the socket was reused and without TLS. */
  tlsMs: number | null;
  /** From handing the request to the socket to the end of the response's header. */
  firstByteMs: number | null;
  /** From there to the last byte that was read, or to the failure. */
  bodyMs: number | null;
  /** From the call of send to the outcome. */
  totalMs: number;
}>;

/** What became of a request. A response of any status is a response; a redirect is one too and is never followed. */
export type EgressOutcome =
  | Readonly<{
      kind: 'response';
      status: number;
      /** Names in lower case; repeated headers joined by `, `. */
      headers: Readonly<Record<string, string>>;
      /** As sent, never decompressed; at most `maxResponseBytes`. */
      body: Buffer;
      /** True when the body was longer than what was read; the socket was destroyed then. */
      truncated: boolean;
      timings: PhaseTimings;
    }>
  | Readonly<{
      kind: 'failed';
      reason: EgressFailureReason;
      /** For operators only: it may name addresses. */
      detail: string;
      /** The status, when the header of an answer was read whole before its body failed; else null. */
      status: number | null;
      /**
       * True when a reused socket was lost before any byte of the response: the endpoint had most likely closed it
       * while it was idle, so one repeat at once is no second attempt.
       */
      beforeAnyByte: boolean;
      timings: PhaseTimings;
    }>;

/** The failed half of {@link EgressOutcome}. */
export type EgressFailure = Readonly<{ reason: EgressFailureReason; detail: string }>;
