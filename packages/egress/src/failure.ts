import type { HeaderFields, PhaseTimings, RequestFailureReason, RequestOutcome } from '@tidings/contracts';
import { errors } from 'undici';

/** Why a request got no response. `aborted`: this process caused it, so it is no attempt of the endpoint. */
type EgressFailureReason = RequestFailureReason | 'aborted';

/** A failure before or during a request; `detail` is for operators only. */
export type EgressFailure = Readonly<{ reason: EgressFailureReason; detail: string }>;

/** The phase in which a request failed; `detail` uses the same word. */
export type Phase = 'dns' | 'waiting' | 'connect' | 'tls' | 'headers' | 'body';

const byCode: Readonly<Record<string, EgressFailureReason>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  EHOSTDOWN: 'refused',
  ENETDOWN: 'refused',
  EACCES: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'protocol',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'protocol',
  // An invalid header or path comes from the subscription, and a repeat fails again.
  UND_ERR_INVALID_ARG: 'protocol',
  // This machine ran out of a resource: the endpoint is not at fault, so it is no attempt.
  EMFILE: 'aborted',
  ENFILE: 'aborted',
  ENOBUFS: 'aborted',
  ENOMEM: 'aborted',
  EADDRNOTAVAIL: 'aborted',
};

/** The state of the endpoint's side of a connection at the time of the failure. */
type Seen = Readonly<{
  /** True if the endpoint had ended its side. */
  hasEnded: boolean;
  /** True if a byte of a response had been read. */
  hasAnswered: boolean;
}>;

const nothingSeen: Seen = { hasEnded: false, hasAnswered: false };

function isTlsCode(code: string): boolean {
  return (
    code === 'EPROTO' ||
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code.startsWith('ERR_OSSL')
  );
}

/**
 * Classifies an error that no table lists. An operating system error belongs to the connection. Any other comes from
 * the client itself (it was destroyed or closed, gave up, failed an assertion), and counts against the endpoint only if
 * the endpoint explains it: it ended the connection, or sent the bytes that the client failed on.
 */
function reasonOfUnknown(error: unknown, phase: Phase, { hasEnded, hasAnswered }: Seen): EgressFailureReason {
  const isSystemError = error instanceof Error && 'errno' in error && typeof error.errno === 'number';
  if (isSystemError) return phase === 'connect' ? 'refused' : 'reset';
  if (hasEnded) return 'reset';
  return hasAnswered ? 'protocol' : 'aborted';
}

function reasonOf(error: unknown, phase: Phase, seen: Seen): EgressFailureReason {
  const code = codeOf(error);
  if (phase === 'tls') return code === 'ETIMEDOUT' ? 'timeout' : 'tls';
  if (isTlsCode(code)) return 'tls';
  if (error instanceof errors.HTTPParserError) return 'protocol';
  // undici reports a response that violates HTTP (an unrequested upgrade) with the code of a lost socket.
  if (error instanceof errors.SocketError && error.message.startsWith('bad ')) return 'protocol';
  // undici reports every body of the wrong length the same way; one that the peer cut short is a lost connection.
  if (seen.hasEnded && code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return 'reset';
  return byCode[code] ?? reasonOfUnknown(error, phase, seen);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? '';
}

/** Maps an error of a socket, TLS or undici to the closed list; `detail` keeps the original text for operators. */
export function failureOf(error: unknown, phase: Phase, seen: Seen = nothingSeen): EgressFailure {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const shown = code === '' || message.includes(code) ? message : `${code} ${message}`;
  return { reason: reasonOf(error, phase, seen), detail: `${phase}: ${shown}` };
}

/** Returns the outcome of a request that failed, with what had been read of its response. */
export function outcomeOfFailure(
  { reason, detail }: EgressFailure,
  read: Readonly<{
    status: number | null;
    headers: HeaderFields;
    body: Buffer;
    beforeAnyByte: boolean;
  }>,
  timings: PhaseTimings,
): RequestOutcome {
  if (reason === 'aborted') return { kind: 'aborted', detail, beforeAnyByte: read.beforeAnyByte, timings };
  return { kind: 'failed', reason, detail, ...read, timings };
}
