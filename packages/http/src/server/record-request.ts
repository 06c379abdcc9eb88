import type { IncomingMessage, ServerResponse } from 'node:http';
import { recordSpan } from '@tidings/observability';

type Ended = Readonly<{
  response: ServerResponse;
  method: string;
  /** The template of the path, or `none`. */
  route: string;
  traceparent: string;
  tookMs: number;
}>;

// Probes and scrapes would be most of all spans.
const unrecorded: ReadonlySet<string> = new Set(['/live', '/ready', '/metrics']);

/**
 * Records the server span of a request that has ended, by OpenTelemetry's conventions for HTTP. It has no `url.path`: paths
 * of sources are secrets.
 */
export function recordRequest(request: IncomingMessage, ended: Ended): void {
  const { response, method, route, traceparent, tookMs } = ended;
  if (unrecorded.has(route)) return;
  const received = request.headers['traceparent'];
  const { statusCode: status } = response;
  const isAborted = !response.writableFinished;
  const error = status >= 500 ? String(status) : undefined;
  const endMs = Date.now();
  recordSpan({
    traceparent,
    parent: typeof received === 'string' ? received : undefined,
    name: route === 'none' ? method : `${method} ${route}`,
    kind: 'server',
    startMs: endMs - tookMs,
    endMs,
    attributes: {
      'http.request.method': method === 'other' ? '_OTHER' : method,
      ...(route === 'none' ? {} : { 'http.route': route }),
      ...(isAborted ? {} : { 'http.response.status_code': status }),
    },
    ...(isAborted ? { error: 'aborted' } : error === undefined ? {} : { error }),
  });
}
