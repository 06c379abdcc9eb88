import type { ErrorCode } from '@tidings/runtime';

/** The HTTP form of an error code. `meaning` is the text of the page that the problem's `type` links to. */
export type ProblemKind = Readonly<{ status: number; title: string; meaning: string }>;

/** HTTP statuses by error code. No other place maps them. */
export const problemTable: Readonly<Record<ErrorCode, ProblemKind>> = {
  'invalid-request': {
    status: 400,
    title: 'Invalid request',
    meaning:
      'The request could not be read. `detail` and `errors` say what is wrong with it; send it again corrected.',
  },
  unauthorized: {
    status: 401,
    title: 'No valid key',
    meaning:
      'The route needs a key, sent as `Authorization: Bearer <key>`. The key is missing, unknown, expired or revoked.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    meaning: 'The key is valid but lacks the scope that the route needs.',
  },
  'not-found': {
    status: 404,
    title: 'Not found',
    meaning: 'There is no such route or object, or it is outside of what the key can see.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The route exists but not with this method; the `Allow` header lists those it has.',
  },
  'not-acceptable': {
    status: 406,
    title: 'No such answer',
    meaning: 'The route has no content type that the Accept header permits; `detail` lists those it has.',
  },
  timeout: {
    status: 504,
    title: 'Took too long',
    meaning:
      'A service behind this one did not respond in time. The outcome is unknown; repeat with the same Idempotency-Key.',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    meaning: 'The request contradicts the present state, or the same request is still in progress.',
  },
  gone: { status: 410, title: 'Gone', meaning: 'The object existed and has been removed permanently.' },
  'precondition-failed': {
    status: 412,
    title: 'Changed in the meantime',
    meaning: 'The object no longer has the version in If-Match. Read it again, then repeat the change.',
  },
  'payload-too-large': {
    status: 413,
    title: 'Too large',
    meaning: 'The body is larger than the route accepts; `detail` quotes the limit and the size.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    meaning:
      'The route does not accept this content-type or content-encoding; `detail` lists those it accepts.',
  },
  unprocessable: {
    status: 422,
    title: 'Not acceptable as it is',
    meaning:
      'The request was read but breaks a rule. `errors` has a JSON pointer and a sentence for each fault.',
  },
  'precondition-required': {
    status: 428,
    title: 'If-Match is needed',
    meaning:
      'The change must state the version that it is based on: send the ETag of the object as If-Match.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    meaning: 'Wait as long as Retry-After says, then repeat with the same Idempotency-Key.',
  },
  unavailable: {
    status: 503,
    title: 'Not available now',
    meaning:
      'The request may or may not have taken effect. Wait as long as Retry-After says and repeat it with the same Idempotency-Key: that is safe.',
  },
  'loop-detected': {
    status: 508,
    title: 'Loop',
    meaning:
      'The request is a delivery of this same installation: a subscription names its own ingress as the endpoint. Point it elsewhere.',
  },
  closed: {
    status: 503,
    title: 'Stopping',
    meaning: 'This process is stopping. Repeat the request with the same Idempotency-Key.',
  },
  'config-invalid': {
    status: 500,
    title: 'Fault of the service',
    meaning: 'The service is not configured correctly. Report the traceId to its operator.',
  },
  undecodable: {
    status: 500,
    title: 'Fault of the service',
    meaning: 'Stored data could not be read. Report the traceId to the operator.',
  },
  'seal-broken': {
    status: 500,
    title: 'Fault of the service',
    meaning: 'A stored secret could not be opened. Report the traceId to the operator.',
  },
  internal: {
    status: 500,
    title: 'Fault of the service',
    meaning: 'An unexpected error occurred. Report the traceId to the operator.',
  },
};
