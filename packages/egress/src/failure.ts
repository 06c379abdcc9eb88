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
  // This machine ran out of something: not the endpoint's fault, so no attempt.
  EMFILE: 'aborted',
  ENFILE: 'aborted',
  ENOBUFS: 'aborted',
  ENOMEM: 'aborted',
  EADDRNOTAVAIL: 'aborted',
};

function isTlsCode(code: string): boolean {
  return (
    code === 'EPROTO' ||
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code.startsWith('ERR_OSSL')
  );
}

function reasonOf(code: string, message: string, phase: Phase): EgressFailureReason {
  if (phase === 'tls') return code === 'ETIMEDOUT' ? 'timeout' : 'tls';
  if (isTlsCode(code)) return 'tls';
  // undici reports an answer that breaks HTTP (a stray 100, an upgrade nobody asked for) with the code of a lost socket.
  if (code === 'UND_ERR_SOCKET' && message.startsWith('bad ')) return 'protocol';
  return byCode[code] ?? 'protocol';
}

/**
 * Maps what a socket, TLS or undici reports to the closed list; the original text goes to `detail` for operators.
 * `isEnded` says that the peer had ended its side.
 */
export function failureOf(error: unknown, phase: Phase, isEnded = false): EgressFailure {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  const message = error instanceof Error ? error.message : String(error);
  const shown = code === '' || message.includes(code) ? message : `${code} ${message}`;
  // undici calls every body of the wrong length the same; one that the peer cut short is a lost connection.
  const isCut = isEnded && code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
  return { reason: isCut ? 'reset' : reasonOf(code, message, phase), detail: `${phase}: ${shown}` };
}
