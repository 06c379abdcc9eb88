import { hash, randomBytes } from 'node:crypto';

const keyBytes = 32;
const shownCharacters = 10;

/** A new API key: `tdk_` and 256 random bits in base64url. Shown once to its owner; only its hash is kept. */
export const newApiKey = (): string => `tdk_${randomBytes(keyBytes).toString('base64url')}`;

/** What is kept of a key: its SHA-256 in lower-case hex digits. With 256 random bits there is nothing to salt. */
export const hashOfKey = (key: string): string => hash('sha256', key, 'hex');

/** The first characters of a key, for people to tell keys apart. None of one that is not ours: it may be short. */
export const prefixOfKey = (key: string): string =>
  key.startsWith('tdk_') ? key.slice(0, shownCharacters) : '';
