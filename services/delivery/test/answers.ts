import type { SendOutcome } from '../src/domain/attempt.ts';

const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 1, bodyMs: 0, totalMs: 2 };

export const answered = (status: number, headers: Readonly<Record<string, string>> = {}): SendOutcome => ({
  kind: 'response',
  status,
  headers,
  body: Buffer.alloc(0),
  timings,
});

export const failed = (
  reason: Extract<SendOutcome, { kind: 'failed' }>['reason'],
  status: number | null = null,
): SendOutcome => ({
  kind: 'failed',
  reason,
  status,
  headers: {},
  detail: `127.0.0.1 ${reason}`,
  timings,
});
