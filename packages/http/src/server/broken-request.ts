import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemTable } from '../problems/problem-table.ts';
import { newTraceId } from '../routing/request-state.ts';
import { allMethods, type FormRefusal, formRefusal, maxHeaderBytes } from './malformed-request.ts';
import { discardBytes, discardMs, isDiscarding } from './unread-body.ts';

// Node's parser fails on these before a request exists, so the response is written to the socket.
const refusals: Readonly<Record<string, FormRefusal>> = {
  HPE_HEADER_OVERFLOW: formRefusal(431, `All headers together may have at most ${maxHeaderBytes} bytes.`),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: formRefusal(413, 'The chunk extensions of the body are too large.'),
  HPE_PAUSED_H2_UPGRADE: formRefusal(505, 'HTTP/2 is not spoken here: use HTTP/1.1.'),
  ERR_HTTP_REQUEST_TIMEOUT: formRefusal(
    408,
    'The request did not arrive in time: send its headers and body faster.',
  ),
};

const malformed = formRefusal(400, 'This is not a well-formed HTTP/1.1 request.');

const answeredAt = new WeakMap<Socket, number>();

/**
 * Responds with problem+json to input that never became a request, and closes the connection after the client has had
 * time to read the response. Called again for each further chunk of a stream that could not be parsed.
 */
export function respondToBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  const answeredBytes = answeredAt.get(socket);
  if (answeredBytes !== undefined) {
    if (socket.bytesRead - answeredBytes > discardBytes) socket.destroy();
    return;
  }
  const isGone = error.code === 'ECONNRESET' || !socket.writable;
  if (isGone || isDiscarding(socket) || hasBegunResponse(socket)) {
    socket.destroy(error);
    return;
  }
  const refusal = refusals[error.code ?? ''] ?? malformed;
  // A slow body may still arrive, and must not be processed after this response.
  if (refusal.status === 408) endWith(socket, refusal, () => socket.destroy());
  else linger(socket, refusal);
}

/** Responds to CONNECT, which only proxies accept, and closes the connection. */
export function refuseConnect(socket: Socket): void {
  const detail = `There is no CONNECT here: there are ${allMethods}.`;
  socket.on('error', () => socket.destroy());
  linger(socket, formRefusal(405, detail));
}

function linger(socket: Socket, refusal: FormRefusal): void {
  answeredAt.set(socket, socket.bytesRead);
  const timer = setTimeout(() => socket.destroy(), discardMs);
  socket.once('close', () => clearTimeout(timer));
  endWith(socket, refusal);
}

function endWith(socket: Socket, { status, code, detail }: FormRefusal, onSent?: () => void): void {
  const traceId = newTraceId();
  const { title } = problemTable[code];
  const body = JSON.stringify({ type: `/problems/${code}`, title, status, detail, code, traceId });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    // The path is not known here; without credentials it is safe for every one (see cross-origin.ts).
    'access-control-allow-origin: *',
    `x-request-id: ${traceId}`,
    ...(status === 405 ? [`allow: ${allMethods}`] : []),
    'connection: close',
  ].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`, onSent);
}

// A second head inside a response that has begun would be read as part of its body. Node keeps a socket's current
// response in `_httpMessage` and has no public access to it.
function hasBegunResponse(socket: Socket): boolean {
  const message: unknown = Reflect.get(socket, '_httpMessage');
  return typeof message === 'object' && message !== null && Reflect.get(message, 'headersSent') === true;
}
