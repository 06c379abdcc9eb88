import type { IncomingMessage } from 'node:http';
import { childTraceparent } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { Principal } from './principal.ts';

type RequestState = {
  traceparent: string | undefined;
  body: Buffer | undefined;
  principal: Principal | undefined;
  address: string | undefined;
};

// What the middlewares know about a request, kept beside it: the request's own type stays express's.
const states = new WeakMap<IncomingMessage, RequestState>();

function stateOf(request: IncomingMessage): RequestState {
  let state = states.get(request);
  if (state === undefined) {
    state = { traceparent: undefined, body: undefined, principal: undefined, address: undefined };
    states.set(request, state);
  }
  return state;
}

/** The W3C trace context of a request: a child of the one it came with, else a new trace. The same at every call. */
export function traceparentOf(request: IncomingMessage): string {
  const state = stateOf(request);
  if (state.traceparent === undefined) {
    const header = request.headers['traceparent'];
    state.traceparent = childTraceparent(typeof header === 'string' ? header : undefined);
  }
  return state.traceparent;
}

/** The trace id of a request: what a caller quotes to an operator. */
export function traceIdOf(request: IncomingMessage): string {
  // `00-<32 hex digits>-…`, as this process wrote it.
  return traceparentOf(request).slice(3, 35);
}

/** A trace id for what never became a request. */
export const newTraceId = (): string => childTraceparent(undefined).slice(3, 35);

/** Keeps the body that was read. */
export function setBody(request: IncomingMessage, body: Buffer): void {
  stateOf(request).body = body;
}

/** The body as received, byte for byte. The route must have `rawBody(…)` before it. */
export function rawBodyOf(request: IncomingMessage): Buffer {
  const { body } = stateOf(request);
  if (body !== undefined) return body;
  throw new AppError({ code: 'internal', message: 'the route reads a body but has no rawBody(…) before it' });
}

/** Keeps who asks. */
export function setPrincipal(request: IncomingMessage, principal: Principal): void {
  stateOf(request).principal = principal;
}

/** Who asks. The route must have `requireKey(…)` before it. */
export function principalOf(request: IncomingMessage): Principal {
  const { principal } = stateOf(request);
  if (principal !== undefined) return principal;
  throw new AppError({
    code: 'internal',
    message: 'the route needs a principal but has no requireKey(…) before it',
  });
}

/** Keeps the address of the client, when it is not the other end of the connection: proxies in between were trusted. */
export function setAddress(request: IncomingMessage, address: string): void {
  stateOf(request).address = address;
}

/** The address a request comes from: that of the client behind the trusted proxies, as far as those are known. */
export const addressOf = (request: IncomingMessage): string =>
  stateOf(request).address ?? request.socket.remoteAddress ?? 'unknown';

/** The URL as it came: express cuts the mount path off `url` inside a router. */
export function originalUrlOf(request: IncomingMessage): string {
  return 'originalUrl' in request ? String(request.originalUrl) : (request.url ?? '/');
}
