import { describe, expect, it } from 'vitest';
import {
  generateKeyPair,
  generateSecret,
  signHeaders,
  signPlain,
  type VerifyInput,
  verify,
  verifyPlain,
} from './index.ts';

const nowSeconds = 1_700_000_000;
const secret = generateSecret();
const body = Buffer.from('{"hello":"world"}');
const good = signHeaders({ id: 'msg_1', timestampSeconds: nowSeconds, body, secrets: [secret] });
const signature = good['webhook-signature'];

function check(headers: Record<string, string | undefined>, more: Partial<VerifyInput> = {}) {
  const result = verify({ headers: { ...good, ...headers }, body, secrets: [secret], nowSeconds, ...more });
  return result.ok ? 'ok' : result.reason;
}

function signedAt(timestampSeconds: number) {
  return signHeaders({ id: 'msg_1', timestampSeconds, body, secrets: [secret] });
}

describe('verify', () => {
  it('accepts a signed request with header names in any case, also as fetch Headers', () => {
    expect(check({})).toBe('ok');
    const shouted = Object.fromEntries(
      Object.entries(good).map(([name, value]) => [name.toUpperCase(), value]),
    );
    expect(verify({ headers: shouted, body, secrets: [secret], nowSeconds }).ok).toBe(true);
    expect(verify({ headers: new Headers({ ...good }), body, secrets: [secret], nowSeconds }).ok).toBe(true);
  });

  it.each([
    ['webhook-id', 'missing-id'],
    ['webhook-timestamp', 'missing-timestamp'],
    ['webhook-signature', 'missing-signature'],
  ])('refuses a request without %s', (name, reason) => {
    expect(check({ [name]: undefined })).toBe(reason);
    expect(check({ [name]: '' })).toBe(reason);
  });

  it.each([
    'hello',
    '1700000000abc',
    '1700000000.9',
    ' 1700000000',
    '+1700000000',
    '-1',
    '1e9',
    '0x6553f100',
    '1234567890123',
  ])('refuses the timestamp %j', (timestamp) => {
    expect(check({ 'webhook-timestamp': timestamp })).toBe('malformed-timestamp');
  });

  it('accepts a timestamp up to exactly 300 s away in both directions', () => {
    expect(check(signedAt(nowSeconds - 300))).toBe('ok');
    expect(check(signedAt(nowSeconds + 300))).toBe('ok');
    expect(check(signedAt(nowSeconds - 301))).toBe('timestamp-too-old');
    expect(check(signedAt(nowSeconds + 301))).toBe('timestamp-too-new');
    expect(check(signedAt(nowSeconds - 20), { toleranceSeconds: 10 })).toBe('timestamp-too-old');
  });

  it('uses the system clock by default', () => {
    const { nowSeconds: _, ...withoutTime } = { headers: good, body, secrets: [secret], nowSeconds };
    expect(verify(withoutTime)).toEqual({ ok: false, reason: 'timestamp-too-old' });
    expect(verify({ ...withoutTime, headers: signedAt(Math.floor(Date.now() / 1000)) }).ok).toBe(true);
  });

  it('refuses another id, another time, another body', () => {
    expect(check({ 'webhook-id': 'msg_2' })).toBe('no-matching-signature');
    expect(check({ 'webhook-timestamp': String(nowSeconds + 1) })).toBe('no-matching-signature');
    expect(check({}, { body: Buffer.from('{"hello":"World"}') })).toBe('no-matching-signature');
    expect(check({}, { body: Buffer.alloc(0) })).toBe('no-matching-signature');
  });

  it('refuses an id with a dot, which could shift bytes between id and timestamp', () => {
    expect(check({ 'webhook-id': 'msg.1' })).toBe('malformed-id');
  });

  it.each([
    ['nothing after the version', 'v1,'],
    ['no version', signature.slice(3)],
    ['no comma', 'v1'],
    ['a truncated signature', signature.slice(0, -5)],
    ['one character less', signature.slice(0, -1)],
    ['missing padding', signature.replace(/=+$/, '')],
    ['more padding', `${signature}=`],
    ['characters outside base64', signature.replace(/.$/, '!')],
    ['another version', `v2,${signature.slice(3)}`],
    ['the version in capitals', `V1,${signature.slice(3)}`],
    ['an empty list', ' '],
  ])('refuses %s', (_name, value) => {
    expect(check({ 'webhook-signature': value })).toBe('no-matching-signature');
  });

  it('refuses every other spelling of the same signature bytes', () => {
    const last = signature.at(-2) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const neighbour = alphabet[(alphabet.indexOf(last) & ~3) + ((alphabet.indexOf(last) + 1) & 3)];
    const respelled = `${signature.slice(0, -2)}${neighbour}=`;
    expect(Buffer.from(respelled.slice(3), 'base64')).toEqual(Buffer.from(signature.slice(3), 'base64'));
    expect(check({ 'webhook-signature': respelled })).toBe('no-matching-signature');
  });

  it('accepts a valid signature between invalid ones', () => {
    const wrong = 'v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= v2,xyz';
    expect(check({ 'webhook-signature': `${wrong} ${signature} ${wrong}` })).toBe('ok');
  });

  it('reads five different signatures at most', () => {
    const junk = (count: number) => Array.from({ length: count }, (_, at) => `v1,junk${at}`).join(' ');
    expect(check({ 'webhook-signature': `${junk(4)} ${signature}` })).toBe('ok');
    expect(check({ 'webhook-signature': `${junk(5)} ${signature}` })).toBe('no-matching-signature');
    expect(check({ 'webhook-signature': junk(1000) })).toBe('no-matching-signature');
    expect(check({ 'webhook-signature': `${'v1,same '.repeat(50)}${signature}` })).toBe('ok');
  });

  it('accepts any of several trusted secrets', () => {
    expect(check({}, { secrets: [generateSecret(), secret] })).toBe('ok');
    expect(check({}, { secrets: [generateSecret()] })).toBe('no-matching-signature');
  });

  it('signs and verifies bodies that are empty or not UTF-8 by their bytes', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0x00, 0x80])]) {
      const headers = signHeaders({
        id: 'msg_1',
        timestampSeconds: nowSeconds,
        body: bytes,
        secrets: [secret],
      });
      expect(verify({ headers, body: bytes, secrets: [secret], nowSeconds }).ok).toBe(true);
      // The result of decoding and encoding the body again.
      const mangled = Buffer.concat([Buffer.from(bytes.toString('utf8')), Buffer.from('\u{fffd}')]);
      expect(verify({ headers, body: mangled, secrets: [secret], nowSeconds }).ok).toBe(false);
    }
  });

  it('accepts v1a only from a trusted public key', () => {
    const pair = generateKeyPair();
    const headers = signHeaders({ id: 'msg_1', timestampSeconds: nowSeconds, body, secrets: [pair.secret] });
    const reason = (publicKey: string, changed: Record<string, string> = {}) => {
      const result = verify({
        headers: { ...headers, ...changed },
        body,
        publicKeys: [publicKey],
        nowSeconds,
      });
      return result.ok ? 'ok' : result.reason;
    };
    expect(reason(pair.publicKey)).toBe('ok');
    expect(reason(generateKeyPair().publicKey)).toBe('no-matching-signature');
    const unpadded = headers['webhook-signature'].replace(/=+$/, '');
    expect(reason(pair.publicKey, { 'webhook-signature': unpadded })).toBe('no-matching-signature');
    const asV1 = headers['webhook-signature'].replace('v1a', 'v1');
    expect(reason(pair.publicKey, { 'webhook-signature': asV1 })).toBe('no-matching-signature');
    // A symmetric secret never verifies a v1a signature.
    expect(verify({ headers, body, secrets: [secret], nowSeconds }).ok).toBe(false);
  });
});

describe('the plain style', () => {
  it('is the hex HMAC of the body with the whole secret text as key', () => {
    // GitHub's documented example of the same construction.
    const example = { secret: "It's a Secret to Everybody", body: Buffer.from('Hello, World!') };
    const expected = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(signPlain(example)).toBe(expected);
    expect(verifyPlain({ body: example.body, signature: expected, secrets: ['other', example.secret] })).toBe(
      true,
    );
  });

  it.each([undefined, '', 'sha256=', 'sha1=00', `sha256=${'0'.repeat(64)}`])('refuses %j', (value) => {
    expect(verifyPlain({ body, signature: value, secrets: [secret] })).toBe(false);
  });
});
