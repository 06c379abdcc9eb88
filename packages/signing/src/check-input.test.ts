import { describe, expect, it } from 'vitest';
import { generateSecret, prepareSecret, sign, signHeaders, signPlain, verify, verifyPlain } from './index.ts';

const secret = generateSecret();
const body = Buffer.from('{}');
const headers = signHeaders({ id: 'msg_1', timestampSeconds: 1_000, body, secrets: [secret] });
const good = { headers, body, secrets: [secret], nowSeconds: 1_000 };

/** Calls verify as plain JavaScript does, without type checks. */
const verifyAnything = (changed: Record<string, unknown>): unknown =>
  (verify as (input: unknown) => unknown)({ ...good, ...changed });

describe('verify reports invalid arguments', () => {
  it.each<[Record<string, unknown>, string]>([
    [
      { secrets: undefined },
      "there is nothing to verify with: give secrets: ['whsec_…'] or publicKeys: ['whpk_…']",
    ],
    [{ secrets: [] }, "there is nothing to verify with: give secrets: ['whsec_…'] or publicKeys: ['whpk_…']"],
    [
      { secrets: [], publicKeys: [] },
      "there is nothing to verify with: give secrets: ['whsec_…'] or publicKeys: ['whpk_…']",
    ],
    [
      { secrets: [secret, undefined] },
      'secrets[1] must be text, got undefined: is the environment variable that holds it set?',
    ],
    [{ secrets: [5] }, 'secrets[0] must be text, got a number'],
    [{ secrets: secret }, 'secrets must be an array, got text'],
    [{ publicKeys: [null] }, 'publicKeys[0] must be text, got null'],
    [
      { headers: undefined },
      'headers must be the headers of the request (an object or Headers), got undefined',
    ],
    [
      { body: { hello: 'world' } },
      'body must be the raw bytes (a Buffer) of the request, got an object: a signature covers the bytes as they came, so read them before a parser such as express.json() does',
    ],
    [{ body: undefined }, 'body must be the raw bytes (a Buffer) of the request, got undefined'],
    [{ toleranceSeconds: Number.NaN }, 'toleranceSeconds must be a number of seconds, 0 or more, got NaN'],
    [{ toleranceSeconds: '300' }, 'toleranceSeconds must be a number of seconds, 0 or more, got text'],
    [{ nowSeconds: new Date(0) }, 'nowSeconds must be a number of seconds, 0 or more, got an object'],
  ])('%j', (changed, message) => {
    expect(() => verifyAnything(changed)).toThrow(new TypeError(message));
  });

  it('never includes a secret', () => {
    expect(() => verifyAnything({ secrets: secret })).not.toThrow(secret);
  });
});

describe('the plain style', () => {
  const signature = signPlain({ body, secret: '' });

  it('requires a secret', () => {
    const message = 'secrets must have at least one secret: is the environment variable that holds it set?';
    expect(() => verifyPlain({ body, signature, secrets: [] })).toThrow(new TypeError(message));
  });

  it('rejects an empty secret', () => {
    const message = 'secrets[1] must not be empty: is the environment variable that holds it set?';
    expect(() => verifyPlain({ body, signature, secrets: [secret, ''] })).toThrow(new TypeError(message));
  });

  it('accepts the raw body as text or bytes, not a parsed body', () => {
    const plain = { signature: signPlain({ body, secret }), secrets: [secret] };
    expect(verifyPlain({ ...plain, body: '{}' as unknown as Buffer })).toBe(true);
    expect(() => verifyPlain({ ...plain, body: {} as unknown as Buffer })).toThrow(
      /got an object: a signature/,
    );
  });
});

it('sign and prepareSecret refuse arguments that are neither text nor bytes', () => {
  expect(() => prepareSecret(undefined as unknown as string)).toThrow(/a secret must be text, got undefined/);
  const message = { id: 'msg_1', timestampSeconds: 1, body: '{}' as unknown as Buffer, secrets: [secret] };
  expect(() => sign(message)).toThrow('body must be the raw bytes (a Buffer) of the request, got text');
});
