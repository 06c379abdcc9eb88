import { describe, expect, it } from 'vitest';
import {
  generateKeyPair,
  generateSecret,
  preparePublicKey,
  prepareSecret,
  publicKeyOf,
  SigningError,
  sign,
  verify,
} from './index.ts';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SigningError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

const ofBytes = (count: number) => Buffer.alloc(count, 7).toString('base64');
const message = { id: 'msg_1', timestampSeconds: 1, body: Buffer.from('{}') };

describe('secrets', () => {
  it('consist of 32 random bytes, or of 24 to 64 on request', () => {
    expect(generateSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(generateSecret()).not.toBe(generateSecret());
    expect(Buffer.from(generateSecret(24).slice(6), 'base64')).toHaveLength(24);
    expect(Buffer.from(generateSecret(64).slice(6), 'base64')).toHaveLength(64);
    for (const bytes of [23, 65, 32.5, Number.NaN])
      expect(codeOf(() => generateSecret(bytes))).toBe('invalid-secret');
  });

  it('sign equally with and without their prefix', () => {
    const bare = ofBytes(32);
    expect(sign({ ...message, secrets: [bare] })).toBe(sign({ ...message, secrets: [`whsec_${bare}`] }));
  });

  it.each([
    ['23 bytes', `whsec_${ofBytes(23)}`],
    ['65 bytes', `whsec_${ofBytes(65)}`],
    ['nothing', 'whsec_'],
    ['bad padding', `whsec_${ofBytes(32).replace('=', '')}`],
    ['padding in the middle', `whsec_${ofBytes(32).replace(/^B/, '=')}`],
    ['another spelling of its bytes', `whsec_${ofBytes(32).replace(/.=$/, 'd=')}`],
    ['the URL alphabet', `whsec_${ofBytes(32).replace(/^B/, '_')}`],
    ['a blank', `whsec_ ${ofBytes(32)}`],
  ])('with %s are refused by every function', (_name, secret) => {
    expect(codeOf(() => prepareSecret(secret))).toBe('invalid-secret');
    expect(codeOf(() => sign({ ...message, secrets: [secret] }))).toBe('invalid-secret');
    const headers = { 'webhook-id': 'a', 'webhook-timestamp': '1', 'webhook-signature': 'v1,x' };
    expect(codeOf(() => verify({ headers, body: message.body, secrets: [secret], nowSeconds: 1 }))).toBe(
      'invalid-secret',
    );
  });

  it('never appear in an error', () => {
    const secret = `whsec_${ofBytes(20)}`;
    expect(() => prepareSecret(secret)).toThrow(/24 to 64 bytes, got 20/);
    expect(() => prepareSecret(secret)).not.toThrow(new RegExp(ofBytes(20).slice(0, 8)));
  });

  it('of 24 and of 64 bytes are accepted', () => {
    expect(prepareSecret(`whsec_${ofBytes(24)}`).scheme).toBe('v1');
    expect(prepareSecret(`whsec_${ofBytes(64)}`).scheme).toBe('v1');
  });
});

describe('key pairs', () => {
  it('sign and verify', () => {
    const pair = generateKeyPair();
    expect(publicKeyOf(pair.secret)).toBe(pair.publicKey);
    expect(prepareSecret(pair.secret).scheme).toBe('v1a');
  });

  it('are refused when incomplete, or when the keys do not match', () => {
    const [one, other] = [generateKeyPair(), generateKeyPair()];
    const half = (text: string, from: number) =>
      Buffer.from(text.slice(5), 'base64').subarray(from, from + 32);
    const mixed = `whsk_${Buffer.concat([half(one.secret, 0), half(other.secret, 32)]).toString('base64')}`;
    expect(codeOf(() => prepareSecret(mixed))).toBe('invalid-key');
    expect(codeOf(() => prepareSecret('whsk_AAAA'))).toBe('invalid-key');
    expect(codeOf(() => preparePublicKey('whpk_AAAA'))).toBe('invalid-key');
    expect(codeOf(() => preparePublicKey(one.publicKey.slice(5)))).toBe('invalid-key');
  });
});

describe('sign refuses', () => {
  const secrets = [generateSecret()];
  it.each(['', 'a.b'])('the id %j', (id) => {
    expect(codeOf(() => sign({ ...message, id, secrets }))).toBe('invalid-id');
  });

  it.each([1.5, -1, Number.NaN, 1e12])('the timestamp %d', (timestampSeconds) => {
    expect(codeOf(() => sign({ ...message, timestampSeconds, secrets }))).toBe('invalid-timestamp');
  });

  it('an empty list of secrets', () => {
    expect(codeOf(() => sign({ ...message, secrets: [] }))).toBe('invalid-secret');
  });
});
