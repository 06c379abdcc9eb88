import type { ErrorCode } from '@tidings/runtime';

/**
 * Refuses a request for its form alone, before any route is known. Several share the code `invalid-request`: the status
 * says more than the code. `isUnframed`: where the request ends is doubtful, so that nothing after it can be read.
 */
export type FormRefusal = Readonly<{
  status: number;
  title: string;
  code: ErrorCode;
  detail: string;
  isUnframed?: true;
}>;

/** Most bytes that the request line and all header fields together may have. */
export const maxHeaderBytes = 16 * 1024;

/** The methods that there are on some path or other. */
export const allMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

const kinds = {
  400: { title: 'Bad Request', code: 'invalid-request' },
  405: { title: 'Method Not Allowed', code: 'method-not-allowed' },
  408: { title: 'Request Timeout', code: 'invalid-request' },
  413: { title: 'Content Too Large', code: 'payload-too-large' },
  417: { title: 'Expectation Failed', code: 'invalid-request' },
  431: { title: 'Request Header Fields Too Large', code: 'invalid-request' },
  501: { title: 'Not Implemented', code: 'invalid-request' },
  505: { title: 'HTTP Version Not Supported', code: 'invalid-request' },
} as const satisfies Readonly<Record<number, Pick<FormRefusal, 'title' | 'code'>>>;

/** Makes a refusal; its title is the reason phrase of the status. */
export const formRefusal = (status: keyof typeof kinds, detail: string): FormRefusal => ({
  status,
  ...kinds[status],
  detail,
});
