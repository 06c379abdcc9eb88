import { errors } from 'undici';
import type { EgressFailure, EgressFailureReason } from './outcome.ts';

/** Where a request was when it failed; the word that `detail` uses. */
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
  // A header or a path that cannot be written is the subscription's, and no better at the next attempt.
  UND_ERR_INVALID_ARG: 'protocol',
  // This machine ran out of something: not the endpoint's fault, so no attempt.
  EMFILE: 'aborted',
  ENFILE: 'aborted',
  ENOBUFS: 'aborted',
  ENOMEM: 'aborted',
  EADDRNOTAVAIL: 'aborted',
};

/** What was seen of the endpoint's side of a connection when it failed. */
type Seen = Readonly<{
  /** The endpoint had ended its side. */
  hasEnded: boolean;
  /** A byte of an answer had been read. */
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
 * What an error means that no table knows. One of the operating system's is the connection's. Any other is our own client's
 * (it was destroyed or closed, gave up, failed an assertion), and counts against the endpoint only when the endpoint has
 * done something that explains it: it ended the connection, or sent what the client broke on.
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
  // undici reports an answer that breaks HTTP (an upgrade nobody asked for) with the code of a lost socket.
  if (error instanceof errors.SocketError && error.message.startsWith('bad ')) return 'protocol';
  // It calls every body of the wrong length the same; one that the peer cut short is a lost connection.
  if (seen.hasEnded && code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return 'reset';
  return byCode[code] ?? reasonOfUnknown(error, phase, seen);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? '';
}

/**
 * Maps what a socket, TLS or undici reports to the closed list; the original text goes to `detail` for operators.
 */
export function failureOf(error: unknown, phase: Phase, seen: Seen = nothingSeen): EgressFailure {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const shown = code === '' || message.includes(code) ? message : `${code} ${message}`;
  return { reason: reasonOf(error, phase, seen), detail: `${phase}: ${shown}` };
}
