import type { RequestFailureReason, RequestOutcome } from '@tidings/contracts';

const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 1, bodyMs: 0, totalMs: 2 };

export const answered = (status: number, headers: Readonly<Record<string, string>> = {}): RequestOutcome => ({
  kind: 'response',
  status,
  headers,
  body: Buffer.alloc(0),
  truncated: false,
  timings,
});

export const failed = (reason: RequestFailureReason, status: number | null = null): RequestOutcome => ({
  kind: 'failed',
  reason,
  status,
  headers: {},
  detail: `127.0.0.1 ${reason}`,
  beforeAnyByte: false,
  timings,
});
