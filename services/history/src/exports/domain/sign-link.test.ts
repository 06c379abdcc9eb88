import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isLinkValid, linkKeysOf, signLink } from './sign-link.ts';

const keyOf = (fill: number) => createSecretKey(Buffer.alloc(32, fill));
const keys = linkKeysOf([keyOf(1)]);
const link = { id: 'job_1', expires: 1_000 };
const signature = signLink(keys, link);
const nowMs = 999_999;

describe('a link', () => {
  it('is valid until its end', () => {
    expect(isLinkValid(keys, { ...link, signature, nowMs })).toBe(true);
    expect(isLinkValid(keys, { ...link, signature, nowMs: 1_000_000 })).toBe(false);
  });

  it.each([
    ['another export', { id: 'job_2' }],
    ['a later end', { expires: 2_000 }],
    ['another signature', { signature: signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }],
    ['a shorter signature', { signature: signature.slice(2) }],
    ['no signature', { signature: '' }],
    ['a signature that is not hexadecimal', { signature: 'zz'.repeat(32) }],
  ])('is not valid with %s', (_, change) => {
    expect(isLinkValid(keys, { ...link, signature, nowMs, ...change })).toBe(false);
  });

  it('stays valid when a new key becomes the primary one, and ends with its key', () => {
    const rotated = linkKeysOf([keyOf(2), keyOf(1)]);
    expect(isLinkValid(rotated, { ...link, signature, nowMs })).toBe(true);
    expect(isLinkValid(rotated, { ...link, signature: signLink(rotated, link), nowMs })).toBe(true);
    expect(signLink(rotated, link)).not.toBe(signature);
    expect(isLinkValid(linkKeysOf([keyOf(2)]), { ...link, signature, nowMs })).toBe(false);
  });
});
