import type { Socket } from 'node:net';
import type { RequestOutcome } from '@tidings/contracts';
import { type Misbehaviour, startHostileServer } from '@tidings/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aRequest, briefly, openEgress, settled } from './egress-under-test.ts';

/** Writes the pieces, each in a packet of its own as far as TCP allows. */
function writeIn(socket: Socket, [piece, ...others]: readonly string[]): void {
  if (piece === undefined) return;
  socket.write(Buffer.from(piece, 'latin1'), () => setImmediate(() => writeIn(socket, others)));
}

/** Returns the outcome of a response that is written in these pieces. */
async function answered(pieces: readonly string[]): Promise<RequestOutcome> {
  const server = await startHostileServer({
    behave: (socket) => writeIn(socket.setNoDelay(true), pieces),
    cleanUp: onTestFinished,
  });
  const egress = openEgress();
  const outcome = await egress.send(aRequest(server.url, { timeoutMs: 1_500 }));
  await settled(egress);
  return outcome;
}

const ok = 'HTTP/1.1 200 OK\r\n';
const length = 'Content-Length: 2\r\n';

/** The response forms that the README's table lists as accepted: the form, a response in it, and the parsed headers. */
const taken: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['two equal lengths', `${ok}${length}${length}\r\nok`, { 'content-length': '2' }],
  ['a list of equal lengths', `${ok}Content-Length: 2, 2\r\n\r\nok`, { 'content-length': '2' }],
  ['a folded line', `${ok}X-A: a\r\n \t b\r\n${length}\r\nok`, { 'x-a': 'a b' }],
  ['LF alone', 'HTTP/1.1 200 OK\nX-A: a\nContent-Length: 2\n\nok', { 'x-a': 'a' }],
  ['LF and CR LF mixed', `HTTP/1.1 200 OK\nX-A: a\r\n${length}\nok`, { 'x-a': 'a' }],
  ['a blank before the colon', `${ok}X-A : a\r\nContent-Length\t: 2\r\n\r\nok`, { 'x-a': 'a' }],
  ['an unrequested 100', `HTTP/1.1 100 Continue\r\n\r\n${ok}${length}\r\nok`, {}],
  [
    'a 103 and a 100 with headers',
    `HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Go on\r\nX: y\r\n\r\n${ok}${length}\r\nok`,
    {},
  ],
  ['no reason', `HTTP/1.1 200\r\n${length}\r\nok`, {}],
  ['empty lines before it', `\r\n\r\n${ok}${length}\r\nok`, {}],
  ['a colon after a blank in a value', `${ok}Date: 10 : 20\r\n${length}\r\nok`, { date: '10 : 20' }],
];

const empty: readonly (readonly [string, string])[] = [
  ['a 204 with a length', 'HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n'],
  ['a 204 with a length and a body', 'HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\nhello'],
  ['a 204 in chunks', 'HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a 304 with the length of what it does not send', 'HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n'],
];

const refused: readonly (readonly [string, string, number | null])[] = [
  ['two different lengths', `${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`, null],
  ['a list of different lengths', `${ok}Content-Length: 2, 3\r\n\r\nok`, null],
  ['a length and chunks', `${ok}${length}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`, null],
  ['a length that is no number', `${ok}Content-Length: +2\r\n\r\nok`, null],
  ['a fold before the first header', `${ok} X-A: a\r\n${length}\r\nok`, null],
  ['a name with a blank in it', `${ok}X A: a\r\n${length}\r\nok`, null],
  ['a line without a colon', `${ok}XA\r\n${length}\r\nok`, null],
  ['a CR alone', `${ok}X-A: a\rb\r\n${length}\r\nok`, null],
  ['a control character', `${ok}X-A: a\u0001b\r\n${length}\r\nok`, null],
  ['the status 099', `HTTP/1.1 099 X\r\n${length}\r\nok`, null],
  ['the status 000', `HTTP/1.1 000 X\r\n${length}\r\nok`, null],
  ['another protocol', `ICY 200 OK\r\n${length}\r\nok`, null],
  ['the status line of HTTP/2', `HTTP/2 200\r\n${length}\r\nok`, null],
  ['LF alone in chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n`, 200],
];

const inPieces: readonly (readonly [string, (text: string) => string[]])[] = [
  ['at once', (text) => [text]],
  ['byte by byte', (text) => [...text]],
];

describe.each(inPieces)('a response that arrives %s', (_how, cut) => {
  test.each(taken)('with %s is accepted', async (_form, text, headers) => {
    const outcome = await answered(cut(text));
    expect(briefly(outcome)).toBe('response 200');
    expect(outcome).toMatchObject({ headers });
    expect(outcome.kind === 'response' && outcome.body.toString()).toBe('ok');
  });

  test.each(empty)('as %s ends at the empty line', async (_form, text) => {
    const outcome = await answered(cut(text));
    expect(briefly(outcome)).toMatch(/^response [23]04$/);
    expect(outcome.kind === 'response' && outcome.body.length).toBe(0);
  });

  test.each(refused)('with %s is refused', async (_form, text, status) => {
    expect(await answered(cut(text))).toMatchObject({ kind: 'failed', reason: 'protocol', status });
  });
});

test('a status above 599 is a response', async () => {
  expect(briefly(await answered([`HTTP/1.1 999 X\r\n${length}\r\nok`]))).toBe('response 999');
});

test.each([`${ok}${length}${length}\r\nok`, 'HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n'])(
  'a socket is not reused after %j, because the end of its response is uncertain',
  async (text) => {
    const server = await startHostileServer({
      behave: (socket) => socket.write(text),
      cleanUp: onTestFinished,
    });
    const egress = openEgress();
    for (let count = 0; count < 3; count += 1) await egress.send(aRequest(server.url));
    await settled(egress);
    expect(server.accepted()).toBe(3);
  },
);

test('a socket is reused after an informational response and after a 204 of length 0', async () => {
  const server = await startHostileServer({
    behave: (socket) =>
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n'),
    cleanUp: onTestFinished,
  });
  const egress = openEgress();
  for (let count = 0; count < 3; count += 1) {
    expect(briefly(await egress.send(aRequest(server.url)))).toBe('response 204');
  }
  expect(server.accepted()).toBe(1);
});

test('a head that was sent in advance, in pieces, is not used for the next request', async () => {
  let requests = 0;
  const server = await startHostileServer({
    behave: (socket) => {
      requests += 1;
      // The rest of the forged head would follow the next request.
      if (requests === 1) socket.write(`${ok}${length}\r\nokHTTP/1.1 200 OK\r\nX-Forged: y`);
      else socket.write(`es\r\ncontent-length: 2\r\n\r\n${ok}${length}\r\nok`);
    },
    cleanUp: onTestFinished,
  });
  const egress = openEgress();
  for (let count = 0; count < 2; count += 1) {
    const outcome = await egress.send(aRequest(server.url));
    expect(outcome.kind === 'response' && outcome.headers['x-forged']).not.toBe('yes');
    await settled(egress);
  }
});

const broken: readonly (readonly [string, string, Misbehaviour])[] = [
  ['cut short', 'reset', (socket) => socket.end(`${ok}Content-Length: 9\r\n\r\nok`)],
  [
    'reset',
    'reset',
    (socket) => socket.write(`${ok}Content-Length: 9\r\n\r\nok`, () => socket.resetAndDestroy()),
  ],
  ['never ended', 'timeout', (socket) => socket.write(`${ok}Content-Length: 9\r\n\r\nok`)],
  [
    'not in chunks as it says',
    'protocol',
    (socket) => socket.write(`${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n`),
  ],
];

test.each(broken)('a body that is %s fails as %s and reports the status', async (_how, reason, behave) => {
  const server = await startHostileServer({ behave, cleanUp: onTestFinished });
  const timeoutMs = reason === 'timeout' ? 300 : 2_000;
  const outcome = await openEgress().send(aRequest(server.url, { timeoutMs }));
  expect(outcome).toMatchObject({ kind: 'failed', reason, status: 200 });
});

test('a truncated body keeps the header that was read', async () => {
  const head = 'HTTP/1.1 503 Busy\r\nRetry-After: 5\r\nContent-Length: 40\r\n\r\n';
  const behave: Misbehaviour = (socket) => socket.end(`${head}half`);
  const server = await startHostileServer({ behave, cleanUp: onTestFinished });
  expect(await openEgress().send(aRequest(server.url))).toMatchObject({
    kind: 'failed',
    reason: 'reset',
    status: 503,
    headers: { 'retry-after': '5', 'content-length': '40' },
  });
});

test('a failure before the header is complete has no status', async () => {
  const server = await startHostileServer({ behave: 'close-mid-header', cleanUp: onTestFinished });
  expect(await openEgress().send(aRequest(server.url))).toMatchObject({
    reason: 'reset',
    status: null,
    headers: {},
  });
});
