import type { CompletedRequest, HeaderFields, RequestFailureReason } from '@tidings/contracts';

type Response = Extract<CompletedRequest, { kind: 'response' }>;
type Failed = Extract<CompletedRequest, { kind: 'failed' }>;

const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 1, bodyMs: 0, totalMs: 2 };

/** Builds the outcome of a request that was answered with an empty body. */
export const answered = (status: number, headers: HeaderFields = {}): Response => ({
  kind: 'response',
  status,
  headers,
  body: Buffer.alloc(0),
  truncated: false,
  timings,
});

/** Builds the outcome of a request that failed before its response, or after the status was read. */
export const failed = (reason: RequestFailureReason, status: number | null = null): Failed => ({
  kind: 'failed',
  reason,
  status,
  headers: {},
  body: Buffer.alloc(0),
  detail: `127.0.0.1 ${reason}`,
  beforeAnyByte: false,
  timings,
});
