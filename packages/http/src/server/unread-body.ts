import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Called for a connection that is cut because the rest of a body was larger or slower than the discard limits. */
export type OnCut = (request: IncomingMessage) => void;

// The rest of a body after the response is read and discarded within these limits: closing at once would reset the
// connection, and the client would see the reset instead of the response (RFC 9112 section 9.6).
export const discardBytes = 8 * 1024 * 1024;
export const discardMs = 2_000;

const lastResponses = new WeakMap<Socket, ServerResponse>();
const askedFor = new WeakSet<IncomingMessage>();

/** Returns the size of a body that its headers declare, in bytes; undefined if it comes in chunks, or there is none. */
export function declaredBytes({ headers }: IncomingMessage): number | undefined {
  const declared = headers['content-length'];
  return declared === undefined ? undefined : Number(declared);
}

/** Returns true if a request announces a body. */
export const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || (declaredBytes(request) ?? 0) > 0;

const waitsForContinue = (request: IncomingMessage): boolean =>
  request.headers.expect !== undefined && request.httpVersion !== '1.0' && !askedFor.has(request);

/**
 * Sends `100 Continue` to a client that waits for it before sending its body (RFC 9110 section 10.1.1). Call it when
 * the body is needed: after an earlier refusal the client does not have to send it.
 */
export function askForBody(request: IncomingMessage, response: ServerResponse): void {
  if (!waitsForContinue(request) || response.headersSent) return;
  askedFor.add(request);
  response.writeContinue();
}

/**
 * Returns true if a response sent now must be the last one of its connection: the client may or may not send the
 * announced body, or the body exceeds the discard limit. In both cases the start of the next request is unknown.
 */
export function isLastOfConnection(request: IncomingMessage): boolean {
  if (request.complete || !hasBody(request)) return false;
  return waitsForContinue(request) || (declaredBytes(request) ?? 0) > discardBytes;
}

/** Returns true if the latest request of a connection has its response, and incoming bytes are the rest of its body. */
export function isDiscarding(socket: Socket): boolean {
  const response = lastResponses.get(socket);
  return response?.writableEnded === true && !response.req.complete;
}

/**
 * Ends every request of a server, also one whose response preceded its body: the rest, at most 8 MiB for at most 2 s,
 * is discarded. The connection is then reused, or closed if the response required it. A body beyond these limits is
 * cut. Node itself would read on without a limit, or close while the client still sends.
 */
export function discardUnreadBodies(server: Server, onCut: OnCut): void {
  server.on('connection', (socket: Socket) => {
    const destroySoon = socket.destroySoon.bind(socket);
    // node:http calls this after a response with `connection: close`.
    socket.destroySoon = () => {
      if (!isDiscarding(socket)) return destroySoon();
      socket.end();
      lastResponses.get(socket)?.req.once('end', destroySoon);
      return socket;
    };
  });
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    lastResponses.set(request.socket, response);
    if (!hasBody(request)) return;
    // Before `finish`, at which node:http would begin to read without a limit.
    response.once('prefinish', () => {
      if (!request.complete) discardRest(request, onCut);
    });
  });
}

function discardRest(request: IncomingMessage, onCut: OnCut): void {
  let size = 0;
  const cut = () => {
    done();
    onCut(request);
    request.socket.destroy();
  };
  const timer = setTimeout(cut, discardMs);
  const onData = (chunk: Buffer) => {
    size += chunk.length;
    if (size > discardBytes) cut();
  };
  const done = () => {
    clearTimeout(timer);
    request.off('data', onData);
  };
  // Of a stream of the body that was not read to its end: nothing would flow.
  request.removeAllListeners('readable');
  request.on('data', onData).once('end', done).once('error', done).once('close', done);
  request.resume();
}
