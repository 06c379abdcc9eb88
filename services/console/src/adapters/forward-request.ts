import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { addressOf, askForBody, traceparentOf } from '@tidings/http';
import { answerFields, requestFields } from './forwarded-headers.ts';

/** Callbacks for the ends of a forwarded request that are logged. */
export type ForwardEvents = Readonly<{
  /**
   * The service did not respond: nothing has been sent to the client yet. `mayRepeat`: another instance may get the request,
   * since this one has received none of it, or it only reads.
   */
  onFailed: (error: Error, mayRepeat: boolean) => void;
  /** The service will close the connection, as one does that is about to stop. */
  onClosing: () => void;
  /** The service aborted its response, and the client's connection is closed too. */
  onBroken: () => void;
  /** The service responded before it had received the whole body, and receives no more of it. */
  onEarlyResponse: (status: number) => void;
  /** The service responds with server-sent events. `end` ends them: what the client has in part, it discards. */
  onStream: (end: () => void) => void;
}>;

/** The origin of an instance, its connections, and the idle timeout of the service in milliseconds. */
export type ForwardTarget = Readonly<{ origin: string; agent: Agent | false; timeoutMs: number }>;

/**
 * Forwards a request and its response with all fields unchanged. Bodies are streamed in both directions and never
 * inspected. If the client or the service disconnects, the other side is closed too. `Expect: 100-continue` is
 * forwarded, so that the service decides whether to accept the body.
 */
export function forwardRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { origin, agent, timeoutMs, ...events }: ForwardTarget & ForwardEvents,
): void {
  const upstream = requestTo(origin, request, { agent });
  // The client has waited long enough.
  const isLate = destroyWhenSilent(upstream, timeoutMs);
  let isAnswered = false;
  let isConnected = false;
  upstream.on('continue', () => askForBody(request, response));
  upstream.on('response', (answer) => {
    isAnswered = true;
    if (answer.headers.connection === 'close') events.onClosing();
    passBack(answer, response, events);
    if (isEventStream(answer)) {
      // Its heartbeats are further apart than a time-out may be.
      upstream.setTimeout(Math.max(timeoutMs, streamSilenceMs));
      events.onStream(() => {
        answer.unpipe(response);
        response.end();
        upstream.destroy();
      });
    }
    response.once('finish', () => {
      if (!request.complete)
        abandonBody(request, upstream, () => events.onEarlyResponse(response.statusCode));
    });
  });
  upstream.on('error', (error) => {
    // Once the response has started, its own stream determines whether it is complete.
    if (isAnswered || response.closed) return;
    request.unpipe(upstream);
    events.onFailed(error, !isLate() && (!isConnected || onlyReads(request)));
  });
  response.once('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  // Nothing of the body is read before: another instance may get the whole.
  onceConnected(upstream, () => {
    isConnected = true;
    request.pipe(upstream);
    // Node delays the head until the first part of the body; a service may reject by the head alone.
    setImmediate(() => {
      if (!request.complete && !request.readableDidRead && !upstream.destroyed) upstream.flushHeaders();
    });
  });
}

/** Destroys a request when nothing comes for `timeoutMs`. Returns a function that tells whether it did. */
export function destroyWhenSilent(upstream: ClientRequest, timeoutMs: number): () => boolean {
  let isLate = false;
  upstream.setTimeout(timeoutMs, () => {
    isLate = true;
    upstream.destroy(new Error(`nothing came for ${timeoutMs} ms`));
  });
  return () => isLate;
}

function onceConnected(upstream: ClientRequest, begin: () => void): void {
  upstream.once('socket', (socket) => {
    if (!socket.connecting) return begin();
    socket.once('connect', () => {
      if (!upstream.destroyed) begin();
    });
  });
}

// It has no effect that two instances could both have, and no body that is gone (RFC 9110 sections 9.2.1 and 9.2.2).
const onlyReads = ({ method, headers }: IncomingMessage): boolean =>
  /^(GET|HEAD|OPTIONS)$/.test(method ?? '') &&
  headers['transfer-encoding'] === undefined &&
  Number(headers['content-length'] ?? 0) === 0;

const streamSilenceMs = 60_000;

const isEventStream = ({ headers }: IncomingMessage): boolean =>
  headers['content-type']?.startsWith('text/event-stream') === true;

/** The connections of a request to a service: those of the agent, or one of its own. `upgrade`: the other protocol. */
export type Connection = Readonly<{ agent: Agent | false; upgrade?: string }>;

/** Creates the request to a service that forwards a request of a client. */
export function requestTo(
  origin: string,
  request: IncomingMessage,
  { agent, upgrade }: Connection,
): ClientRequest {
  const { host, hostname, port, pathname } = new URL(origin);
  const provenance = { address: addressOf(request), traceparent: traceparentOf(request), host };
  return httpRequest({
    // Brackets are part of the URL, not of the address.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 80 : port,
    method: request.method ?? 'GET',
    path: pathname.replace(/\/$/, '') + (request.url ?? '/'),
    headers: requestFields(request, { ...provenance, ...(upgrade === undefined ? {} : { upgrade }) }),
    agent,
  });
}

/** Passes the response of a service on. */
export function passBack(
  answer: IncomingMessage,
  response: ServerResponse,
  { onBroken }: Pick<ForwardEvents, 'onBroken'>,
): void {
  // `connection: close` is set while this process drains; the service cannot override it.
  for (const [name, values] of answerFields(answer)) {
    response.setHeader(name, values.length === 1 ? (values[0] ?? '') : values);
  }
  response.writeHead(answer.statusCode ?? 502);
  // A stream may send nothing for a long time.
  if (answer.headers['content-length'] === undefined) response.flushHeaders();
  answer.once('close', () => {
    if (answer.complete || response.closed) return;
    // Otherwise the client would wait for the rest forever, or accept a truncated response as complete.
    response.destroy();
    onBroken();
  });
  answer.pipe(response);
}

// Closes the connection to the service, because it carries an incomplete request, but not that to the client: the
// server reads and discards the rest of the body.
function abandonBody(request: IncomingMessage, upstream: ClientRequest, tell: () => void): void {
  request.unpipe(upstream);
  upstream.destroy();
  request.resume();
  tell();
}
