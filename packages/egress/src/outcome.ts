import type { FailureReason } from '@tidings/contracts';

/**
 * The reason why a request got no response. All but `aborted` are failure reasons of an attempt (contracts). `aborted`
 * is no fault of the endpoint and no attempt: the egress was closed, the caller's signal fired, no socket became free,
 * or the client itself failed.
 */
export type EgressFailureReason =
  | Extract<
      FailureReason,
      'timeout' | 'dns' | 'refused' | 'reset' | 'tls' | 'blocked-address' | 'protocol' | 'invalid-url'
    >
  | 'aborted';

/** Duration of each phase, in milliseconds; null for a phase that this request skipped. */
export type PhaseTimings = Readonly<{
  /** The name lookup; null for a literal address and for a cached answer. */
  dnsMs: number | null;
  /** TCP; null if the socket was reused. */
  connectMs: number | null;
  /** The TLS handshake; null if the socket was reused and without TLS. */
  tlsMs: number | null;
  /** From handing the request to the socket to the end of the response's header. */
  firstByteMs: number | null;
  /** From there to the last byte read, or to the failure. */
  bodyMs: number | null;
  /** From the call of send to the outcome. */
  totalMs: number;
}>;

/** The outcome of a request. A response of any status is a response, including a redirect, which is never followed. */
export type EgressOutcome =
  | Readonly<{
      kind: 'response';
      status: number;
      /** Names in lower case; repeated headers joined by `, `. */
      headers: Readonly<Record<string, string>>;
      /** As sent, never decompressed; at most `maxResponseBytes`. */
      body: Buffer;
      /** True if the body was longer than the part read; the socket was destroyed then. */
      truncated: boolean;
      timings: PhaseTimings;
    }>
  | Readonly<{
      kind: 'failed';
      reason: EgressFailureReason;
      /** For operators only: it may contain addresses. */
      detail: string;
      /** The status if the header was read completely before the body failed; else null. */
      status: number | null;
      /** The headers that were read with the status, names in lower case; empty without a status. */
      headers: Readonly<Record<string, string>>;
      /**
       * True if a reused socket was lost before any byte of the response: the endpoint had most likely closed it while
       * it was idle, so an immediate repeat is no second attempt.
       */
      beforeAnyByte: boolean;
      timings: PhaseTimings;
    }>;

/** The failed case of {@link EgressOutcome}. */
export type EgressFailure = Readonly<{ reason: EgressFailureReason; detail: string }>;
