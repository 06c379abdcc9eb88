import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { AppError } from './app-error.ts';

/** Sealing keys by id. The primary key seals; all of them unseal, so that keys can be rotated. */
export type KeyRing = Readonly<{ primaryId: string; keys: ReadonlyMap<string, KeyObject> }>;

const keyBytes = 32;
// 96 bits, as NIST SP 800-38D recommends for GCM; random, which is safe up to 2^32 seals per key.
const ivBytes = 12;
const tagBytes = 16;

/**
 * Parses a key ring from `id:base64key,id2:base64key`; the first key is the primary key. Keys have 32 bytes. Throws
 * AppError `config-invalid` that never contains a key.
 */
export function keyRing(text: string): KeyRing {
  const keys = new Map<string, KeyObject>();
  for (const entry of text.split(',').map((part) => part.trim())) {
    const [, id, encoded] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]+={0,2})$/.exec(entry) ?? [];
    if (id === undefined || encoded === undefined) {
      throw ringProblem(`entry ${keys.size + 1} is not of the form id:base64key`);
    }
    const key = Buffer.from(encoded, 'base64');
    if (key.length !== keyBytes)
      throw ringProblem(`key '${id}' has ${key.length} bytes, it must have ${keyBytes}`);
    if (keys.has(id)) throw ringProblem(`key '${id}' is there twice`);
    keys.set(id, createSecretKey(key));
  }
  const [primaryId] = keys.keys();
  if (primaryId === undefined) throw ringProblem('it is empty');
  return { primaryId, keys };
}

function ringProblem(problem: string): AppError {
  return new AppError({ code: 'config-invalid', message: `the sealing key ring is wrong: ${problem}` });
}

/**
 * Encrypts with the primary key (AES-256-GCM) to `v1.<keyid>.<iv>.<tag>.<data>`, the last three base64url. `associated`
 * (workspace, entity id, field …) is bound to it: unsealing requires exactly the same parts, so a sealed value cannot
 * be moved to another place.
 */
export function seal(ring: KeyRing, plaintext: string, associated: readonly string[]): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', keyOf(ring, ring.primaryId), iv, { authTagLength: tagBytes });
  cipher.setAAD(associatedBytes(associated));
  const data = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  const encoded = [iv, cipher.getAuthTag(), data].map((bytes) => bytes.toString('base64url'));
  return ['v1', ring.primaryId, ...encoded].join('.');
}

/**
 * Returns the plaintext of {@link seal}. Throws AppError `seal-broken` for an unknown key, another value or other
 * parts.
 */
export function unseal(ring: KeyRing, sealed: string, associated: readonly string[]): string {
  const { keyId, iv, tag, data } = parse(sealed);
  const key = keyOf(ring, keyId);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
    decipher.setAAD(associatedBytes(associated));
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8');
  } catch (cause) {
    const message = `the sealed value does not open with key '${keyId}': it was changed, or sealed for something else`;
    throw new AppError({ code: 'seal-broken', message, cause });
  }
}

/**
 * Returns the id of the key that sealed a value: if it is not the ring's `primaryId`, the value is due for re-sealing.
 */
export function sealingKeyId(sealed: string): string {
  return parse(sealed).keyId;
}

function parse(sealed: string): { keyId: string; iv: Buffer; tag: Buffer; data: Buffer } {
  const [version, keyId, ...encoded] = sealed.split('.');
  const [iv, tag, data] = encoded.map((part) => Buffer.from(part, 'base64url'));
  const isWhole =
    version === 'v1' && encoded.length === 3 && iv?.length === ivBytes && tag?.length === tagBytes;
  if (!isWhole || keyId === undefined || data === undefined) {
    throw new AppError({
      code: 'seal-broken',
      message: 'the sealed value is not of the form v1.keyid.iv.tag.data',
    });
  }
  return { keyId, iv, tag, data };
}

function keyOf(ring: KeyRing, id: string): KeyObject {
  const key = ring.keys.get(id);
  if (key !== undefined) return key;
  const message = `no sealing key '${id}' in the ring (it has ${[...ring.keys.keys()].join(', ')}): add it to SEALING_KEYS`;
  throw new AppError({ code: 'seal-broken', message });
}

// Each part includes its length, so that ['ab', 'c'] and ['a', 'bc'] differ.
function associatedBytes(parts: readonly string[]): Buffer {
  return Buffer.from(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''), 'utf8');
}
