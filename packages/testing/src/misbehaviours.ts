import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/** Misbehaviour of an endpoint after it has read a complete request. It may write to the socket while it is open. */
export type Misbehaviour = (socket: Socket, pace: Pace) => void;

/** Timers that end with their socket. */
export type Pace = Readonly<{
  every: (ms: number, fn: () => void) => void;
  after: (ms: number, fn: () => void) => void;
}>;

const ok = 'HTTP/1.1 200 OK\r\n';
const tenGigabytes = 10_000_000_000;
// Creating one takes longer than the rest of a test.
let bomb: Buffer | undefined;
const kilobyte = 'x'.repeat(1_024);
const headerLine = 'x-flood: 0123456789\r\n';
const earlyHints = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';

/** Writes the text repeatedly, as fast as the other side reads, until the socket is closed. */
function pour(socket: Socket, text: string): void {
  // In large pieces, so that the load falls on the reader and not on this process.
  const chunk = text.repeat(Math.ceil(65_536 / text.length));
  const write = () => {
    while (!socket.destroyed && socket.write(chunk)) {
      // While the socket accepts more.
    }
  };
  socket.on('drain', write);
  write();
}

/** Misbehaviours by name. Each begins after a complete request. */
export const misbehaviours = {
  /** Reads and never answers. */
  blackhole: () => {},
  'reset-before-answer': (socket) => socket.resetAndDestroy(),
  'close-before-answer': (socket) => socket.destroy(),
  'reset-mid-body': (socket) => {
    socket.write(`${ok}content-length: 1000\r\n\r\nhalf`, () => socket.resetAndDestroy());
  },
  'close-mid-body': (socket) => socket.end(`${ok}content-length: 1000\r\n\r\nhalf`),
  'close-mid-body-as-announced': (socket) =>
    socket.end(`${ok}connection: close\r\ncontent-length: 1000\r\n\r\nhalf`),
  'close-mid-header': (socket) => socket.end(`${ok}x-a: 1\r\nx-b`),
  /** Sends one byte of a header at a time. */
  'slow-headers': (socket, { every }) => {
    socket.write(ok);
    every(10, () => socket.write('x'));
  },
  'slow-body': (socket, { every }) => {
    socket.write(`${ok}content-length: 100000\r\n\r\n`);
    every(10, () => socket.write('x'));
  },
  'endless-body': (socket) => {
    socket.write(`${ok}transfer-encoding: chunked\r\n\r\n`);
    pour(socket, `400\r\n${kilobyte}\r\n`);
  },
  'endless-close-delimited-body': (socket) => {
    socket.write(`${ok}connection: close\r\n\r\n`);
    pour(socket, kilobyte);
  },
  'ten-gigabytes': (socket) => {
    socket.write(`${ok}content-length: ${tenGigabytes}\r\n\r\n`);
    pour(socket, kilobyte);
  },
  /** Announces ten gigabytes and sends none of them. */
  'ten-gigabytes-announced': (socket) => {
    socket.write(`${ok}content-length: ${tenGigabytes}\r\n\r\n`);
  },
  /** Sends 10 MB of zeros in about 10 KB. */
  'gzip-bomb': (socket) => {
    bomb ??= gzipSync(Buffer.alloc(10_000_000));
    socket.write(`${ok}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
    socket.write(bomb);
  },
  /** Sends a body that only the close of the connection ends, and never closes it. */
  'never-closes': (socket) => {
    socket.write(`${ok}\r\nall of it`);
  },
  /** Sends a complete response, then ends its side and goes on reading. */
  'half-close': (socket) => socket.end(`${ok}content-length: 2\r\n\r\nok`),
  /** Ends its side without a response and goes on reading. */
  'half-close-before-answer': (socket) => socket.end(),
  'http-1.0': (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nold'),
  'informational-flood': (socket) => pour(socket, earlyHints),
  'early-hints-then-answer': (socket) => {
    socket.write(earlyHints.repeat(3));
    socket.write(`${ok}content-length: 2\r\n\r\nok`);
  },
  'continue-then-stall': (socket) => {
    socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  },
  'processing-then-stall': (socket) => {
    socket.write('HTTP/1.1 102 Processing\r\n\r\n');
  },
  'body-on-204': (socket) => {
    socket.write('HTTP/1.1 204 No Content\r\n\r\nthis may not be here');
  },
  /** Sends a second, unrequested response in advance of the next request. */
  'answer-in-advance': (socket) => {
    socket.write(`${ok}content-length: 2\r\n\r\nok${ok}content-length: 6\r\n\r\nforged`);
  },
  'header-flood': (socket) => {
    socket.write(ok);
    pour(socket, headerLine);
  },
  'huge-header': (socket) => {
    socket.write(`${ok}x-huge: `);
    pour(socket, kilobyte);
  },
  'trailer-flood': (socket) => {
    socket.write(`${ok}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n`);
    pour(socket, headerLine);
  },
  'chunk-extension-flood': (socket) => {
    socket.write(`${ok}transfer-encoding: chunked\r\n\r\n2;`);
    pour(socket, kilobyte);
  },
  'invalid-header-bytes': (socket) => {
    socket.write(Buffer.from(`${ok}x-a\u0000b: \u0001\r\ncontent-length: 0\r\n\r\n`, 'latin1'));
  },
  'invalid-status-line': (socket) => {
    socket.write('HTTP/1.1 abc OK\r\n\r\n');
  },
  'invalid-chunk': (socket) => {
    socket.write(`${ok}transfer-encoding: chunked\r\n\r\nzz\r\nok\r\n`);
  },
  'two-lengths': (socket) => {
    socket.write(`${ok}content-length: 2\r\ncontent-length: 3\r\n\r\nok`);
  },
  'not-http': (socket) => {
    socket.write('SSH-2.0-OpenSSH_9.7\r\n');
  },
  'unasked-upgrade': (socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n');
  },
  /** Succeeds, but only after a second. */
  'late-success': (socket, { after }) => {
    after(1_000, () => socket.write(`${ok}content-length: 2\r\n\r\nok`));
  },
  /** Points to other addresses by the means that HTTP has besides a redirect. */
  'alternative-service': (socket) => {
    socket.write(`${ok}alt-svc: h2="127.0.0.1:1"; ma=3600\r\nrefresh: 0; url=http://127.0.0.1:1/\r\n`);
    socket.write('content-length: 2\r\n\r\nok');
  },
} as const satisfies Record<string, Misbehaviour>;

/** See {@link misbehaviours}. */
export type MisbehaviourName = keyof typeof misbehaviours;

/** Returns a misbehaviour that responds with this status and these headers only. */
export function answering(status: number, headers: Readonly<Record<string, string>> = {}): Misbehaviour {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (socket) => socket.write(`HTTP/1.1 ${status} Status\r\n${lines.join('')}content-length: 0\r\n\r\n`);
}
