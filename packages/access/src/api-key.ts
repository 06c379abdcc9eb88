import { hash, randomBytes } from 'node:crypto';

const keyBytes = 32;
const shownCharacters = 10;

/**
 * Creates an API key: `tdk_` and 256 random bits in base64url. It is shown once to its owner; only its hash is stored.
 */
export const newApiKey = (): string => `tdk_${randomBytes(keyBytes).toString('base64url')}`;

/** Returns the stored form of a key: its SHA-256 in lower-case hex digits. 256 random bits need no salt. */
export const hashOfKey = (key: string): string => hash('sha256', key, 'hex');

/**
 * Returns the first characters of a key, so that people can distinguish keys; empty for a foreign, possibly short key.
 */
export const prefixOfKey = (key: string): string =>
  key.startsWith('tdk_') ? key.slice(0, shownCharacters) : '';
