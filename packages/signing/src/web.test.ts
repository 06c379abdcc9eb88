import { describe, expect, it } from 'vitest';
import { generateKeyPair, generateSecret, signHeaders, verify } from './index.ts';
import { verify as verifyWeb, type WebVerifyInput } from './web.ts';

const nowSeconds = 1_700_000_000;
const body = Buffer.from('{"hello":"world"}');
const secret = generateSecret();
const pair = generateKeyPair();
const signed = signHeaders({
  id: 'msg_1',
  timestampSeconds: nowSeconds,
  body,
  secrets: [secret, pair.secret],
});
const [v1 = '', v1a = ''] = signed['webhook-signature'].split(' ');

/** Any value, as plain JavaScript passes it without type checks. */
type Anything = never;

const cases: readonly [string, Record<string, string>, Partial<WebVerifyInput>][] = [
  ['a signed request', {}, {}],
  ['v1a by its public key', { 'webhook-signature': v1a }, { secrets: [], publicKeys: [pair.publicKey] }],
  ['v1a with another public key', {}, { secrets: [], publicKeys: [generateKeyPair().publicKey] }],
  ['v1 under the name of v1a', { 'webhook-signature': v1.replace('v1', 'v1a') }, {}],
  ['another secret', {}, { secrets: [generateSecret()] }],
  ['one of two secrets', {}, { secrets: [generateSecret(), secret] }],
  ['another body', {}, { body: Buffer.from('{"hello":"World"}') }],
  ['bytes of no text', {}, { body: Buffer.from([0xff, 0xfe, 0x00, 0x80]) }],
  ['another id', { 'webhook-id': 'msg_2' }, {}],
  ['an id with a dot', { 'webhook-id': 'msg.1' }, {}],
  ['another time', { 'webhook-timestamp': String(nowSeconds + 1) }, {}],
  ['an old request', {}, { nowSeconds: nowSeconds + 301 }],
  ['a request of tomorrow', {}, { nowSeconds: nowSeconds - 301 }],
  ['no padding', { 'webhook-signature': v1.replace(/=+$/, '') }, {}],
  ['other characters', { 'webhook-signature': `${v1.slice(0, -2)}!=` }, {}],
  ['padding in the middle', { 'webhook-signature': 'v1,AA=A' }, {}],
  ['an empty list', { 'webhook-signature': ' ' }, {}],
  ['six signatures', { 'webhook-signature': `v1,a v1,b v1,c v1,d v1,e ${v1}` }, {}],
];

describe('verify with Web Crypto', () => {
  it.each(cases)('agrees with the verifier for Node about %s', async (_name, headers, more) => {
    const input = { headers: { ...signed, ...headers }, body, secrets: [secret], nowSeconds, ...more };
    const expected = verify(input as Parameters<typeof verify>[0]);
    expect(await verifyWeb(input)).toEqual(expected);
  });

  it('accepts what those cases change one thing of', async () => {
    expect(await verifyWeb({ headers: signed, body, secrets: [secret], nowSeconds })).toEqual({
      ok: true,
      id: 'msg_1',
      timestampSeconds: nowSeconds,
    });
    const keys = { publicKeys: [pair.publicKey] };
    expect((await verifyWeb({ headers: new Headers({ ...signed }), body, ...keys, nowSeconds })).ok).toBe(
      true,
    );
  });

  it.each<[string, Record<string, unknown>]>([
    ['there is nothing to verify with', {}],
    ['secrets[0] must not be empty: is the environment variable that holds it set?', { secrets: [''] }],
    ['secrets[0] must be text, got undefined', { secrets: [undefined] }],
    ['this is not base64', { secrets: ['whsec_???'] }],
    ["a public key is 'whpk_' and the base64 of 32 bytes", { publicKeys: [secret] }],
    ['body must be the raw bytes', { secrets: [secret], body: { hello: 'world' } }],
    ['toleranceSeconds must be a number of seconds', { secrets: [secret], toleranceSeconds: Number.NaN }],
  ])('rejects with "%s"', async (message, more) => {
    await expect(verifyWeb({ headers: signed, body, nowSeconds, ...more } as Anything)).rejects.toThrow(
      message,
    );
  });
});
