import type { IncomingMessage } from 'node:http';
import { childTraceparent, requestTraceparent } from '@tidings/observability';

type RequestState = { traceparent: string | undefined; address: string | undefined };

// State of the middlewares, stored beside the request: its type stays express's own.
const states = new WeakMap<IncomingMessage, RequestState>();

function stateOf(request: IncomingMessage): RequestState {
  let state = states.get(request);
  if (state === undefined) {
    state = { traceparent: undefined, address: undefined };
    states.set(request, state);
  }
  return state;
}

/**
 * Returns the W3C trace context of a request: a child of the received one, else a new trace. The same at every call.
 */
export function traceparentOf(request: IncomingMessage): string {
  const state = stateOf(request);
  if (state.traceparent === undefined) {
    const header = request.headers['traceparent'];
    state.traceparent = requestTraceparent(typeof header === 'string' ? header : undefined);
  }
  return state.traceparent;
}

/** Returns the trace id of a request, which a caller can quote to an operator. */
export function traceIdOf(request: IncomingMessage): string {
  // `00-<32 hex digits>-…`, as this process wrote it.
  return traceparentOf(request).slice(3, 35);
}

/** Returns a trace id for input that never became a request. */
export const newTraceId = (): string => childTraceparent(undefined).slice(3, 35);

/** Stores the client's address if it is not the peer of the connection but was sent by trusted proxies. */
export function setAddress(request: IncomingMessage, address: string): void {
  stateOf(request).address = address;
}

/** Returns the address of the client: behind trusted proxies the one that they report, else the connection's peer. */
export const addressOf = (request: IncomingMessage): string =>
  stateOf(request).address ?? request.socket.remoteAddress ?? 'unknown';

/** Returns the received URL: express removes the mount path from `url` inside a router. */
export function originalUrlOf(request: IncomingMessage): string {
  return 'originalUrl' in request ? String(request.originalUrl) : (request.url ?? '/');
}

/**
 * Returns the URL that the caller used, with its query: the scheme behind trusted proxies is the one that they report, the
 * host is that of the request.
 */
export function urlOf(request: IncomingMessage): string {
  const protocol = 'protocol' in request ? String(request.protocol) : 'http';
  return `${protocol}://${request.headers.host ?? ''}${originalUrlOf(request)}`;
}
