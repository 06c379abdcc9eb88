import type { ServerResponse } from 'node:http';
import type { ErrorDetail } from '@tidings/json';
import { AppError, type ErrorCode } from '@tidings/runtime';
import { traceIdOf } from '../routing/request-state.ts';
import { problemTable } from './problem-table.ts';

/**
 * The content of a problem. `title` defaults to that of its code; `retryAfterMs` becomes Retry-After, in whole seconds.
 */
export type Problem = Readonly<{
  status: number;
  code: ErrorCode;
  title?: string;
  detail: string;
  errors?: readonly ErrorDetail[];
  /** Further fields of the response. */
  members?: Readonly<Record<string, string | number>>;
  retryAfterMs?: number;
}>;

const defaultRetryAfterMs = 1000;

/**
 * Responds with application/problem+json (RFC 9457) plus our `code`, `errors` and `traceId`. `type` is a path on the
 * same origin that explains the code. If a response has begun, it writes nothing and closes the connection.
 */
export function problem(response: ServerResponse, given: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, code, detail, errors } = given;
  const { req: request } = response;
  const text = JSON.stringify({
    type: `/problems/${code}`,
    title: given.title ?? problemTable[code].title,
    status,
    detail,
    instance: (request.url ?? '/').split('?', 1)[0],
    code,
    ...(errors === undefined ? {} : { errors }),
    ...given.members,
    traceId: traceIdOf(request),
  });
  const retryAfterMs =
    given.retryAfterMs ?? (status === 503 || status === 429 ? defaultRetryAfterMs : undefined);
  if (retryAfterMs !== undefined) {
    response.setHeader('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  }
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  response.statusCode = status;
  response.setHeader('content-type', 'application/problem+json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.setHeader('cache-control', 'no-store');
  response.end(text);
}

/**
 * Converts an error to a problem for the caller. The message of an AppError is shown if the caller is at fault or if
 * the error is public. Any other error is described by its code alone, since its message may name internal components.
 */
export function problemFromError(error: unknown): Problem {
  if (error instanceof AppError) return fromAppError(error);
  const status = clientStatusOf(error);
  if (status === undefined) return { status: 500, code: 'internal', detail: problemTable.internal.meaning };
  return { status, code: 'invalid-request', detail: 'The path or a header of the request is malformed.' };
}

function fromAppError(error: AppError): Problem {
  const { status, meaning } = problemTable[error.code];
  return {
    status,
    code: error.code,
    detail: (error.isPublic ?? status < 500) ? error.message : meaning,
    ...(error.details === undefined || status >= 500 ? {} : { errors: error.details }),
    ...(error.members === undefined || status >= 500 ? {} : { members: error.members }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
}

// Express and its router mark client errors (for example an invalid percent-encoding) with a 4xx `status`.
function clientStatusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
