import type { ErrorCode } from '@tidings/runtime';

/**
 * Refuses a request for its form alone, before any route is known. Several share the code `invalid-request`: the status
 * says more than the code. `isUnframed`: where the request ends is doubtful, so that nothing after it can be read.
 */
export type FormRefusal = Readonly<{ status: number; code: ErrorCode; detail: string; isUnframed?: true }>;

/** Most bytes that the request line and all header fields together may have. */
export const maxHeaderBytes = 16 * 1024;

/** The methods that there are on some path or other. */
export const allMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

const codes = {
  400: 'invalid-request',
  405: 'method-not-allowed',
  408: 'invalid-request',
  413: 'payload-too-large',
  417: 'invalid-request',
  431: 'invalid-request',
  501: 'invalid-request',
  505: 'invalid-request',
} as const satisfies Readonly<Record<number, ErrorCode>>;

/** Makes a refusal, with the code that goes with the status. */
export const formRefusal = (status: keyof typeof codes, detail: string): FormRefusal => ({
  status,
  code: codes[status],
  detail,
});
