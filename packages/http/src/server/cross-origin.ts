import type { IncomingMessage, ServerResponse } from 'node:http';
import { responseHeaders } from '../openapi/shared-components.ts';

const exposed = [
  ...Object.keys(responseHeaders),
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-Id',
].join(', ');

// `*` would not cover Authorization (Fetch standard, CORS-unsafe request-header names).
const allowed = 'Authorization, Content-Type, Idempotency-Key, If-Match, traceparent, tracestate';

// What Chromium keeps at most: the answer is the same for everybody.
const preflightSeconds = 7_200;

/**
 * Lets pages of any origin read the answers of the API. That is safe because nothing is allowed by who sends a request,
 * only by the key in it: there are no cookies, and `Access-Control-Allow-Credentials` is never sent, so a page can do no
 * more than a program that holds the same key.
 */
export function allowAnyOrigin(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.origin === undefined || request.url?.startsWith('/v1/') !== true) return;
  response.setHeader('access-control-allow-origin', '*').setHeader('access-control-expose-headers', exposed);
}

/** Answers the question of a browser that comes before a request which is not a plain one (a CORS preflight). */
export function answerPreflight(request: IncomingMessage, response: ServerResponse, methods: string): void {
  if (request.headers['access-control-request-method'] === undefined) return;
  response
    .setHeader('access-control-allow-methods', methods)
    .setHeader('access-control-allow-headers', allowed)
    .setHeader('access-control-max-age', preflightSeconds);
}
