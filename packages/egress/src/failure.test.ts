import { errors } from 'undici';
import { expect, it } from 'vitest';
import { failureOf } from './failure.ts';

const coded = (code: string, more: object = {}) => Object.assign(new Error('text'), { code, ...more });
const reasonOf = (error: unknown, hasEnded = false, hasAnswered = false) =>
  failureOf(error, 'headers', { hasEnded, hasAnswered }).reason;

// Every kind of error that undici creates itself, and some that no table lists.
const ours: readonly Error[] = [
  new errors.ClientDestroyedError(),
  new errors.ClientClosedError(),
  new errors.RequestAbortedError(),
  new errors.InformationalError('socket idle timeout'),
  new errors.NotSupportedError(),
  new errors.RequestContentLengthMismatchError(),
  coded('ERR_ASSERTION'),
  coded('UND_ERR_OF_TOMORROW'),
  new TypeError('a defect'),
];

it.each(ours)('%s is a failure of the client if the endpoint did nothing', (error) => {
  expect(reasonOf(error)).toBe('aborted');
});

it.each(ours)('%s counts against the endpoint if it ended the connection or sent bytes', (error) => {
  expect(reasonOf(error, true)).toBe('reset');
  expect(reasonOf(error, false, true)).toBe('protocol');
});

it.each([
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ENOTCONN', 'reset'],
  ['EMFILE', 'aborted'],
  ['ETIMEDOUT', 'timeout'],
] as const)('the system error %s is %s', (code, reason) => {
  expect(reasonOf(coded(code, { errno: -1 }))).toBe(reason);
});

it('an unlisted system error during connect is refused', () => {
  expect(failureOf(coded('EPERM', { errno: -1 }), 'connect').reason).toBe('refused');
});

it.each([
  new errors.HTTPParserError('Invalid status code'),
  new errors.HeadersOverflowError(),
  new errors.ResponseContentLengthMismatchError(),
  new errors.SocketError('bad upgrade'),
  new errors.InvalidArgumentError('invalid x-a header'),
])('%s is protocol', (error) => {
  expect(reasonOf(error)).toBe('protocol');
});

it('a TLS alert is tls in every phase, with its name in the detail', () => {
  const alert = coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
  for (const phase of ['tls', 'headers', 'body'] as const) {
    expect(failureOf(alert, phase)).toEqual({ reason: 'tls', detail: `${phase}: ${alert.code} text` });
  }
});
