import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { addressOf, askForBody, traceparentOf } from '@tidings/http';
import { answerFields, requestFields } from './forwarded-headers.ts';

/** How a forwarded request can end that is worth a line in the log. */
export type ForwardEvents = Readonly<{
  /** The service gave no answer: nothing has been sent to the client yet. */
  onFailed: (error: Error) => void;
  /** The service broke off its answer, and the client's connection is cut with it. */
  onBroken: () => void;
  /** The service answered before it had the whole body, of which it gets no more. */
  onAnsweredEarly: (status: number) => void;
}>;

/** Where to, over which connections, and how long the service may be silent (milliseconds). */
export type ForwardTarget = Readonly<{ origin: string; agent: Agent; timeoutMs: number }>;

/**
 * Passes a request on and its answer back, with every field as it came. Bodies are streamed in both directions and never
 * looked at. Whoever goes away, client or service, takes the other side along. `Expect: 100-continue` is passed on too,
 * so that the service decides whether it wants the body.
 */
export function forwardRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { origin, agent, timeoutMs, ...events }: ForwardTarget & ForwardEvents,
): void {
  const { host, hostname, port, pathname } = new URL(origin);
  const provenance = { address: addressOf(request), traceparent: traceparentOf(request), host };
  const upstream = httpRequest({
    // Brackets are part of the URL, not of the address.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 80 : port,
    method: request.method ?? 'GET',
    path: pathname.replace(/\/$/, '') + (request.url ?? '/'),
    headers: requestFields(request, provenance),
    agent,
  });
  upstream.setTimeout(timeoutMs, () => {
    upstream.destroy(new Error(`nothing came for ${timeoutMs} ms`));
  });
  let isAnswered = false;
  upstream.on('continue', () => askForBody(request, response));
  upstream.on('response', (answer) => {
    isAnswered = true;
    passBack(answer, response, events);
    response.once('finish', () => {
      if (!request.complete)
        abandonBody(request, upstream, () => events.onAnsweredEarly(response.statusCode));
    });
  });
  upstream.on('error', (error) => {
    // Once there is an answer, it is whole or not by itself.
    if (isAnswered || response.closed) return;
    request.unpipe(upstream);
    events.onFailed(error);
  });
  response.once('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  request.pipe(upstream);
  // Node keeps the head back until there is some of the body; a service may refuse by the head alone.
  setImmediate(() => {
    if (!request.complete && !request.readableDidRead && !upstream.destroyed) upstream.flushHeaders();
  });
}

function passBack(answer: IncomingMessage, response: ServerResponse, { onBroken }: ForwardEvents): void {
  // `connection: close` is set while this process drains; the service has no say in that.
  for (const [name, values] of answerFields(answer)) {
    response.setHeader(name, values.length === 1 ? (values[0] ?? '') : values);
  }
  response.writeHead(answer.statusCode ?? 502);
  // A stream may have nothing to say for long.
  if (answer.headers['content-length'] === undefined) response.flushHeaders();
  answer.once('close', () => {
    if (answer.complete || response.closed) return;
    // Without this the client would wait for the rest for ever, or take the half for the whole.
    response.destroy();
    onBroken();
  });
  answer.pipe(response);
}

// The connection to the service is given up, since what it is sent there is a half request; that to the client is not:
// the server reads the rest of the body.
function abandonBody(request: IncomingMessage, upstream: ClientRequest, tell: () => void): void {
  request.unpipe(upstream);
  upstream.destroy();
  request.resume();
  tell();
}
