import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Called for a connection that is cut because the rest of a body was larger or slower than what is thrown away. */
export type OnCut = (request: IncomingMessage) => void;

// What is left of a body when its request is answered is read and thrown away within these bounds: closing at once would
// reset the connection, and the client would see that instead of the answer (RFC 9112 section 9.6).
export const discardBytes = 8 * 1024 * 1024;
export const discardMs = 2_000;

const lastResponses = new WeakMap<Socket, ServerResponse>();
const askedFor = new WeakSet<IncomingMessage>();

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const waitsForContinue = (request: IncomingMessage): boolean =>
  request.headers.expect !== undefined && request.httpVersion !== '1.0' && !askedFor.has(request);

/**
 * Sends `100 Continue` to a client that waits for it with its body (RFC 9110 section 10.1.1). To be called once the body
 * is wanted: a refusal before that spares the client from sending it.
 */
export function askForBody(request: IncomingMessage, response: ServerResponse): void {
  if (!waitsForContinue(request) || response.headersSent) return;
  askedFor.add(request);
  response.writeContinue();
}

/**
 * True when an answer given now must be the last one of its connection: the client may send the body that it announced,
 * or not, or it is larger than what would be thrown away. In both cases nobody knows where the next request begins.
 */
export function isLastOfConnection(request: IncomingMessage): boolean {
  if (request.complete || !hasBody(request)) return false;
  return waitsForContinue(request) || Number(request.headers['content-length'] ?? 0) > discardBytes;
}

/** True when the latest request of a connection is answered already, and what comes is the rest of its body. */
export function isDiscarding(socket: Socket): boolean {
  const response = lastResponses.get(socket);
  return response?.writableEnded === true && !response.req.complete;
}

/**
 * Makes every request of a server end, also one that is answered before its body was read: the rest is thrown away, at
 * most 8 MiB and for at most 2 s, and then the connection is used again, or closed when the answer said so. What goes
 * beyond is cut. Node itself would read on without a bound, or close while the client still sends.
 */
export function discardUnreadBodies(server: Server, onCut: OnCut): void {
  server.on('connection', (socket: Socket) => {
    const destroySoon = socket.destroySoon.bind(socket);
    // What node:http calls after an answer with `connection: close`.
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
    // Before `finish`, at which node:http would begin to read without a bound.
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
  request.on('data', onData).once('end', done).once('error', done).once('close', done);
  request.resume();
}
