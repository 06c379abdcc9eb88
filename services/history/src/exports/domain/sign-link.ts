import { createHmac, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';

/** Keys that sign links; the first signs, all of them are accepted, so that keys can be rotated. */
export type LinkKeys = readonly Buffer[];

const keyBytes = 32;
const purpose = 'tidings export links';

/** Derives the keys of links from the sealing keys, the primary one first. */
export const linkKeysOf = (keys: readonly KeyObject[]): LinkKeys =>
  keys.map((key) => Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), purpose, keyBytes)));

/** A link: the export, and the time at which it ends, in epoch seconds. */
export type Link = Readonly<{ id: string; expires: number }>;

const signatureWith = (key: Buffer, { id, expires }: Link): Buffer =>
  createHmac('sha256', key).update(`${id}\n${expires}`).digest();

/** Returns the signature of a link, in hex digits. */
export const signLink = ([key]: LinkKeys, link: Link): string => {
  if (key === undefined) throw new Error('there is no key to sign links with');
  return signatureWith(key, link).toString('hex');
};

/** Returns true if the signature is that of this link and the link has not ended. */
export const isLinkValid = (
  keys: LinkKeys,
  { signature, nowMs, ...link }: Link & Readonly<{ signature: string; nowMs: number }>,
): boolean => {
  const given = Buffer.from(signature, 'hex');
  const isSigned = keys.some((key) => {
    const expected = signatureWith(key, link);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return isSigned && nowMs < link.expires * 1_000;
};
