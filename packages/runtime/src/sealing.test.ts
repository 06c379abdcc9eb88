import { describe, expect, it } from 'vitest';
import { AppError, keyRing, seal, sealingKeyId, unseal } from './index.ts';

const keyText = (fill: number, bytes = 32) => Buffer.alloc(bytes, fill).toString('base64');
const ring = keyRing(`k1:${keyText(1)}`);
const place = ['ws_1', 'sub_1', 'secret'];

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

describe('sealing', () => {
  it.each(['', 'whsec_abc', 'grüße 🌍', 'x'.repeat(10_000)])('opens what it sealed: %.20j', (plaintext) => {
    expect(unseal(ring, seal(ring, plaintext, place), place)).toBe(plaintext);
  });

  it('has the documented form, differs each time, and hides the text', () => {
    const sealed = seal(ring, 'whsec_abc', place);
    expect(sealed).toMatch(/^v1\.k1\.[\w-]{16}\.[\w-]{22}\.[\w-]{12}$/);
    expect(seal(ring, 'whsec_abc', place)).not.toBe(sealed);
  });

  it('opens a value that an older build sealed', () => {
    const old = 'v1.k1.AAAAAAAAAAAAAAAA.hwHw1Lzw8NStKr-lYX5SNg.yF3ruRZkYt3w';
    expect(unseal(ring, old, place)).toBe('whsec_abc');
  });

  it('refuses a change of any part', () => {
    const parts = seal(ring, 'whsec_abc', place).split('.');
    for (const at of [2, 3, 4]) {
      const changed = parts.map((part, index) =>
        index === at ? (part.startsWith('A') ? 'B' : 'A') + part.slice(1) : part,
      );
      expect(codeOf(() => unseal(ring, changed.join('.'), place))).toBe('seal-broken');
    }
  });

  it.each(['', 'v1', 'v2.k1.a.b.c', 'v1.k1.AAAAAAAAAAAAAAAA..x', 'plain text'])('refuses %j', (sealed) => {
    expect(codeOf(() => unseal(ring, sealed, place))).toBe('seal-broken');
  });

  it('refuses a truncated tag', () => {
    const [version, id, iv, tag, data] = seal(ring, 'a', place).split('.');
    const short = [version, id, iv, tag?.slice(0, 6), data].join('.');
    expect(codeOf(() => unseal(ring, short, place))).toBe('seal-broken');
  });

  it('refuses other associated data, also with parts shifted between its fields', () => {
    const sealed = seal(ring, 'a', ['ab', 'c']);
    for (const other of [['a', 'bc'], ['abc'], ['ab', 'c', ''], [], ['ab', 'd']]) {
      expect(codeOf(() => unseal(ring, sealed, other))).toBe('seal-broken');
    }
  });
});

describe('the key ring', () => {
  it('seals with the first key and opens with all, so that keys can be rotated', () => {
    const old = seal(ring, 'a', place);
    const rotated = keyRing(`k2:${keyText(2)}, k1:${keyText(1)}`);
    expect(unseal(rotated, old, place)).toBe('a');
    expect(sealingKeyId(old)).toBe('k1');
    expect(sealingKeyId(seal(rotated, 'a', place))).toBe('k2');
    expect(rotated.primaryId).toBe('k2');
    expect(() => unseal(keyRing(`k2:${keyText(2)}`), old, place)).toThrow(
      /no sealing key 'k1' in the ring \(it has k2\)/,
    );
  });

  it.each([
    ['', /entry 1 is not of the form/],
    ['k1', /entry 1 is not of the form/],
    [`k1:${keyText(1)},`, /entry 2 is not of the form/],
    [`k 1:${keyText(1)}`, /entry 1 is not of the form/],
    [`k1:${keyText(1, 16)}`, /key 'k1' has 16 bytes, it must have 32/],
    [`k1:${keyText(1)},k1:${keyText(2)}`, /key 'k1' is there twice/],
  ])('refuses %j', (text, message) => {
    expect(() => keyRing(text)).toThrow(message);
    expect(codeOf(() => keyRing(text))).toBe('config-invalid');
  });

  it('never shows a key in an error', () => {
    const secret = keyText(9, 31);
    expect(() => keyRing(`k1:${secret}`)).not.toThrow(new RegExp(secret.slice(0, 10)));
  });
});
