import type { FailureReason } from '@tidings/contracts';

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
