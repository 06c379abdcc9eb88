import type { ErrorCode } from '@tidings/runtime';

/**
 * The refusal of a request for its form alone, before routing. Several share the code `invalid-request`: the status is
 * more specific than the code. `isUnframed`: the end of the request is uncertain, so that nothing after it can be read.
 */
export type FormRefusal = Readonly<{ status: number; code: ErrorCode; detail: string; isUnframed?: true }>;

/** Maximum size of the request line and all header fields together, in bytes. */
export const maxHeaderBytes = 16 * 1024;

/** All methods that exist on any path. */
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

/** Creates a refusal with the code of the status. */
export const formRefusal = (status: keyof typeof codes, detail: string): FormRefusal => ({
  status,
  code: codes[status],
  detail,
});
