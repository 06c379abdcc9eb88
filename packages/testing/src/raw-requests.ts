import { connect } from 'node:net';

/** A request as bytes, and the status with which every Tidings server responds, independent of its routes. */
export type RawRequest = Readonly<{ name: string; text: string; status: number }>;

const head = (line: string, ...fields: readonly string[]): string =>
  [line, ...fields, 'Connection: close', '', ''].join('\r\n');
const get = (...fields: readonly string[]): string => head('GET /v1/events HTTP/1.1', ...fields);
const post = (body: string, ...fields: readonly string[]): string =>
  head('POST /v1/events HTTP/1.1', 'Host: x', ...fields) + body;
const many = (count: number, field: string): string[] => Array.from({ length: count }, () => field);

const refused = (name: string, text: string, status: number): RawRequest => ({ name, text, status });

/**
 * Requests that are refused for their syntax alone, by RFC 9110 and RFC 9112: every server must respond to each with
 * the same status and a problem+json body.
 */
export const malformedRequests: readonly RawRequest[] = [
  refused('no Host', get(), 400),
  refused('two Host', get('Host: a', 'Host: b'), 400),
  refused('two Host alike', get('Host: a', 'host: a'), 400),
  refused('a Host with a blank', get('Host: a b'), 400),
  refused('a Host with a path', get('Host: a/b'), 400),
  refused('two Authorization', get('Host: x', 'Authorization: Bearer a', 'Authorization: Bearer b'), 400),
  refused(
    'two Idempotency-Key',
    post('{}', 'Idempotency-Key: a', 'Idempotency-Key: b', 'Content-Length: 2'),
    400,
  ),
  refused('two Content-Type', post('{}', 'Content-Type: a/b', 'Content-Type: a/b', 'Content-Length: 2'), 400),
  refused('two Content-Length', post('a', 'Content-Length: 1', 'Content-Length: 1'), 400),
  refused('two lengths in one field', post('a', 'Content-Length: 1, 1'), 400),
  refused('a signed length', post('a', 'Content-Length: +1'), 400),
  refused('a length and chunks', post('0\r\n\r\n', 'Content-Length: 5', 'Transfer-Encoding: chunked'), 400),
  refused('chunks twice', post('0\r\n\r\n', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), 400),
  refused('a coding before the chunks', post('0\r\n\r\n', 'Transfer-Encoding: gzip, chunked'), 501),
  refused('chunks in HTTP/1.0', head('POST /v1/events HTTP/1.0', 'Transfer-Encoding: chunked'), 400),
  refused('an unknown expectation', get('Host: x', 'Expect: 200-maybe'), 417),
  refused('two expectations', get('Host: x', 'Expect: 100-continue, 200-maybe'), 417),
  refused('over 1,000 fields', get('Host: x', ...many(1_000, 'a: b')), 431),
  refused('over 1,000 fields, Host last', get(...many(1_000, 'a: b'), 'Host: x'), 431),
  refused('over 16 KiB of fields', get('Host: x', `a: ${'b'.repeat(17_000)}`), 431),
  refused('a folded field', get('Host: x', 'a: b\r\n c'), 400),
  refused('a blank before the colon', get('Host : x'), 400),
  refused('lines that end in LF', 'GET /v1/events HTTP/1.1\nHost: x\nConnection: close\n\n', 400),
  refused('no request line', 'NONSENSE\r\n\r\n', 400),
  refused('an unknown method', head('FOO /v1/events HTTP/1.1', 'Host: x'), 400),
  refused('a blank in the target', head('GET /v1/ev ents HTTP/1.1', 'Host: x'), 400),
  refused('a fragment in the target', head('GET /v1/events#a HTTP/1.1', 'Host: x'), 400),
  refused('a target without a slash', head('GET v1/events HTTP/1.1', 'Host: x'), 400),
  refused('an asterisk but for OPTIONS', head('GET * HTTP/1.1', 'Host: x'), 400),
  refused('a URL of another scheme', head('GET ftp://x/v1/events HTTP/1.1', 'Host: x'), 400),
  refused('a URL without a host', head('GET http:///v1/events HTTP/1.1', 'Host: x'), 400),
  refused('CONNECT', head('CONNECT x:80 HTTP/1.1', 'Host: x'), 405),
  refused('HTTP/2 in clear', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505),
  refused('a version 2 in the line', head('GET /v1/events HTTP/2.0', 'Host: x'), 505),
  refused('a version that is none', head('GET /v1/events HTTP/1.2', 'Host: x'), 400),
];

/** Writes a text to a port of this machine and resolves with everything received until the connection is closed. */
export async function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}
