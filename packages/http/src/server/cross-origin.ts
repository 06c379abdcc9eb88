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
const allowed =
  'Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, traceparent, tracestate';

// Chromium's maximum: the response is the same for all callers.
const preflightSeconds = 7_200;

/**
 * Allows pages of any origin to read the API's responses. This is safe because only the key in a request grants access,
 * never its sender: there are no cookies, and `Access-Control-Allow-Credentials` is never sent, so a page can do no
 * more than a program that holds the same key.
 */
export function allowAnyOrigin(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.origin === undefined || request.url?.startsWith('/v1/') !== true) return;
  response.setHeader('access-control-allow-origin', '*').setHeader('access-control-expose-headers', exposed);
}

/** Responds to a CORS preflight, which a browser sends before a request that is not a simple one. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse, methods: string): void {
  if (request.headers['access-control-request-method'] === undefined) return;
  response
    .setHeader('access-control-allow-methods', methods)
    .setHeader('access-control-allow-headers', allowed)
    .setHeader('access-control-max-age', preflightSeconds);
}
