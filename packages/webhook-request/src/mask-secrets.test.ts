import { generateKeyPair, generateSecret } from '@tidings/signing';
import { describe, expect, it } from 'vitest';
import { maskedText, maskOf } from './mask-secrets.ts';

const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw/Zq+wIuN7Vs=';
const token = 'Bearer s3cr3t/"quoted" & <b>ß+x\\y';
const basic = `Basic ${Buffer.from('partner:open sesame').toString('base64')}`;
const mask = maskOf([key, token, basic, 'abc']);
const masked = (text: string | Buffer, isCut = false): string =>
  mask.body(Buffer.from(text), isCut).toString();

describe('the response of an endpoint', () => {
  it('is unchanged without a secret', () => {
    const body = Buffer.from('{"ok":true,"n":"100%","path":"\\/a+b&amp;"}');
    expect(mask.body(body, true)).toBe(body);
    expect(maskOf([]).body(body, true)).toBe(body);
    const noText = Buffer.from([0xff, 0xfe, 0x00]);
    expect(mask.body(noText, false)).toBe(noText);
  });

  it.each([key, token, basic])('masks every %s and nothing else', (secret) => {
    expect(masked(`a ${secret} b ${secret}${secret} c`)).toBe(
      `a ${maskedText} b ${maskedText}${maskedText} c`,
    );
  });

  it.each<[string, (secret: string) => string]>([
    ['a JSON string', (secret) => JSON.stringify({ a: secret, b: 1 })],
    ['JSON in JSON', (secret) => JSON.stringify({ body: JSON.stringify({ a: secret }) })],
    ['JSON as PHP writes it', (secret) => JSON.stringify({ a: secret }).replaceAll('/', '\\/')],
    [
      'JSON of which all but letters and digits is escaped',
      (secret) =>
        `{"a":"${secret.replace(/[^a-z0-9]/gi, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)}"}`,
    ],
    ['a URL', (secret) => `https://x.example/?a=${encodeURIComponent(secret)}&b=c`],
    ['a form', (secret) => new URLSearchParams({ a: secret, b: 'c' }).toString()],
    [
      'HTML',
      (secret) =>
        `<p>${secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll('ß', '&#223;').replaceAll('/', '&#x2F;')}</p>`,
    ],
    ['base64', (secret) => `got ${Buffer.from(secret, 'latin1').toString('base64')}.`],
    ['base64 for URLs', (secret) => `got ${Buffer.from(secret, 'latin1').toString('base64url')}.`],
  ])('masks secrets in %s', (_form, write) => {
    for (const secret of [key, token, basic]) {
      const text = masked(write(secret));
      expect(text).toContain(maskedText);
      expect(text).not.toMatch(/s3cr3t|MfKQ|Zq|cGFydG5lcjpvcGVuIHNlc2FtZQ|VzM2NyM3/);
    }
  });

  it.each([0, 1, 2, 3, 4, 5])('masks secrets in base64 of a longer text, at offset %i', (place) => {
    for (const secret of [key, token, basic]) {
      const bytes = Buffer.from(`${'>'.repeat(place)}${secret}, and more`, 'latin1');
      const [start, end] = [Math.floor((place * 8) / 6), Math.ceil(((place + secret.length) * 8) / 6)];
      for (const written of [bytes.toString('base64'), bytes.toString('base64url')]) {
        expect(masked(written)).toBe(written.slice(0, start) + maskedText + written.slice(end));
        expect(masked(written.slice(0, end - 9), true)).toBe(written.slice(0, start) + maskedText);
      }
    }
  });

  it('masks secrets in base64 of the text as UTF-8', () => {
    const written = Buffer.from(JSON.stringify({ Authorization: 'kéy-ÿ-öpen' })).toString('base64');
    expect(maskOf(['kéy-ÿ-öpen']).body(Buffer.from(written), false).toString()).toBe(
      `${written.slice(0, 24)}${maskedText}${written.slice(42)}`,
    );
  });

  it('masks secrets in hex of either case, also within a longer text', () => {
    for (const secret of [key, token, basic]) {
      const hex = Buffer.from(secret, 'latin1').toString('hex');
      expect(masked(`2261${hex}22`)).toBe(`2261${maskedText}22`);
      expect(masked(`<${hex.toUpperCase()}>`)).toBe(`<${maskedText}>`);
    }
  });

  it('masks secrets in lower and upper case', () => {
    for (const secret of [key, 'Bearer s3cr3t/"quoted"', basic]) {
      const write = maskOf([secret]);
      for (const changed of [secret.toUpperCase(), secret.toLowerCase()]) {
        expect(write.body(Buffer.from(`İ <${changed}>`), false).toString()).toBe(`İ <${maskedText}>`);
        const json = write.body(Buffer.from(JSON.stringify({ a: changed })), false).toString();
        expect(json).toBe(`{"a":"${maskedText}"}`);
      }
    }
  });

  it('masks the token, the password and the key of a secret', () => {
    const bytes = Buffer.from(key.slice('whsec_'.length), 'base64');
    for (const part of [
      token.slice('Bearer '.length),
      basic.slice('Basic '.length),
      'open sesame',
      'partner:open sesame',
      key.slice('whsec_'.length),
      bytes.toString('base64url'),
      bytes.toString('hex'),
    ]) {
      expect(masked(`<${part}>`)).toBe(`<${maskedText}>`);
    }
  });

  it('masks a secret that was echoed as latin1 bytes', () => {
    const wide = 'kéy-ÿ-öpen';
    const answer = Buffer.from(`<${wide}>`, 'latin1');
    expect(maskOf([wide]).body(answer, false).toString()).toBe(`<${maskedText}>`);
  });

  it('masks the beginning of a secret at the end of a cut body, and only there', () => {
    expect(masked(`a ${key.slice(0, 20)}`, true)).toBe(`a ${maskedText}`);
    expect(masked(`a ${JSON.stringify(token).slice(1, 18)}`, true)).toBe(`a ${maskedText}`);
    expect(masked(`a ${key.slice(0, 20)}`)).toBe(`a ${key.slice(0, 20)}`);
    expect(masked(`a ${key.slice(0, 20)} b`, true)).toBe(`a ${key.slice(0, 20)} b`);
    expect(masked('a whs', true)).toBe('a whs');
  });

  it('keeps other secrets, and words of fewer than four characters', () => {
    const other = generateSecret();
    expect(masked(`abc ${other} sesame`)).toBe(`abc ${other} sesame`);
    const short = `ABC YWJj 616263 ${Buffer.from(' abc is short').toString('base64')}`;
    expect(masked(short)).toBe(short);
  });

  it('masks key pairs', () => {
    const { secret } = generateKeyPair();
    expect(
      maskOf([secret])
        .body(Buffer.from(JSON.stringify({ secret })), false)
        .toString(),
    ).toBe(`{"secret":"${maskedText}"}`);
  });
});
