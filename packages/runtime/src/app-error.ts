import type { ErrorDetail } from '@tidings/json';
/**
 * All codes of an AppError. A caller matches on these, never on a message. The HTTP package maps each to a status; no
 * other part of the system uses statuses.
 */
export const errorCodes = [
  'config-invalid',
  'invalid-request',
  'unauthorized',
  'forbidden',
  'not-found',
  'method-not-allowed',
  'not-acceptable',
  'conflict',
  'precondition-failed',
  'precondition-required',
  'unprocessable',
  'payload-too-large',
  'unsupported-media-type',
  'gone',
  'rate-limited',
  'unavailable',
  'loop-detected',
  'timeout',
  'closed',
  'undecodable',
  'seal-broken',
  'internal',
] as const;

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number];

/**
 * Fields of an {@link AppError}. `retryable` defaults by code; `retryAfterMs` is a hint for the caller; `isPublic`
 * permits showing the message to a caller for any code (by default, messages of codes for internal defects are hidden:
 * they can name hosts and parts). `members` are further fields of the problem (RFC 9457, section 3.2). `isCounted`: true
 * for a refusal that a metric counts and that may occur thousands of times a second: it gets no line of its own in the log.
 */
export type AppErrorInit = Readonly<{
  code: ErrorCode;
  message: string;
  cause?: unknown;
  retryable?: boolean;
  retryAfterMs?: number;
  isPublic?: boolean;
  details?: readonly ErrorDetail[];
  members?: Readonly<Record<string, string | number>>;
  isCounted?: boolean;
}>;

const retryableCodes: ReadonlySet<ErrorCode> = new Set(['unavailable', 'timeout', 'rate-limited']);

/**
 * The only error class. The message is written for the person who can act on it: it quotes the value and the limit and
 * states the action to take. `retryable` is true if the same call may succeed later (by default: unavailable, timeout,
 * rate-limited).
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly isPublic: boolean | undefined;
  readonly details: readonly ErrorDetail[] | undefined;
  readonly members: Readonly<Record<string, string | number>> | undefined;
  readonly isCounted: boolean;

  constructor(init: AppErrorInit) {
    const { code, message, cause, retryable } = init;
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppError';
    this.code = code;
    this.retryable = retryable ?? retryableCodes.has(code);
    this.retryAfterMs = init.retryAfterMs;
    this.isPublic = init.isPublic;
    this.details = init.details;
    this.members = init.members;
    this.isCounted = init.isCounted ?? false;
  }
}

const maxDetails = 20;

/**
 * Returns the AppError `unprocessable` for faults in a request: at least one, of which the message quotes the first and
 * `details` has at most 20. The message begins with `summary`.
 */
export function refused(details: readonly ErrorDetail[], summary = 'The body breaks a rule'): AppError {
  const [first] = details;
  const more = details.length > 1 ? ` (and ${details.length - 1} more)` : '';
  const message = `${summary}: ${first?.pointer || 'it'} ${first?.detail ?? 'is not valid'}${more}.`;
  return new AppError({ code: 'unprocessable', message, details: details.slice(0, maxDetails) });
}

/** Returns the text of a thrown value: an Error's message, else the value itself. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
