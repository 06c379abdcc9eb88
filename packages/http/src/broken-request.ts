import type { Socket } from 'node:net';
import type { ErrorCode } from '@tidings/runtime';

type Answer = Readonly<{ status: number; reason: string; code: ErrorCode; detail: string }>;

// Node's parser gives up on these before there is a request, so they are answered on the socket itself.
const answers: Readonly<Record<string, Answer>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    reason: 'Request Header Fields Too Large',
    code: 'invalid-request',
    detail: 'All headers together may have at most 16384 bytes.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    reason: 'Content Too Large',
    code: 'payload-too-large',
    detail: 'The chunk extensions of the body are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    reason: 'Request Timeout',
    code: 'invalid-request',
    detail: 'The request did not arrive in time: send its headers and body faster.',
  },
};

const malformed: Answer = {
  status: 400,
  reason: 'Bad Request',
  code: 'invalid-request',
  detail: 'This is not a well-formed HTTP/1.1 request.',
};

/** Answers what never became a request with problem+json and closes the connection. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  const isGone = error.code === 'ECONNRESET' || !socket.writable;
  if (isGone || hasBegunToAnswer(socket)) {
    socket.destroy(error);
    return;
  }
  const { status, reason, code, detail } = answers[error.code ?? ''] ?? malformed;
  const body = JSON.stringify({ type: `/problems/${code}`, title: reason, status, detail, code });
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

// Writing a second head into an answer that has begun would be read as part of its body. Node keeps the answer that a
// socket is working on in `_httpMessage` and offers no other way to see it.
function hasBegunToAnswer(socket: Socket): boolean {
  const message: unknown = Reflect.get(socket, '_httpMessage');
  return typeof message === 'object' && message !== null && Reflect.get(message, 'headersSent') === true;
}
