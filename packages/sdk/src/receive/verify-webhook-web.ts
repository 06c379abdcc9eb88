import { importPublicKey, importSecret, verify, type WebKey } from '@tidings/signing/web';
import type { AnyEvents } from '../event-map.ts';
import { checkVerifyNames, type VerifyWebhookInput } from './trust.ts';
import { type VerifiedWebhook, verifiedWebhook } from './webhook.ts';

/**
 * Verifies a delivery with Web Crypto and parses its event. Rejects with SigningError for an invalid secret or key, and
 * with TypeError if none is given or if a value is of the wrong kind, such as a parsed body.
 */
export async function verifyWebhook<Events extends object = AnyEvents>(
  input: VerifyWebhookInput,
): Promise<VerifiedWebhook<Events>> {
  checkVerifyNames(input);
  const { secrets, publicKeys } = input;
  const body = typeof input.body === 'string' ? new TextEncoder().encode(input.body) : input.body;
  const keys = {
    ...(secrets === undefined ? {} : { secrets: await imported(secrets, importSecret) }),
    ...(publicKeys === undefined ? {} : { publicKeys: await imported(publicKeys, importPublicKey) }),
  };
  return verifiedWebhook(await verify({ ...input, body, ...keys }), body);
}

// A runtime starts for a few requests and has a few keys: they are imported once each.
const importedKeys = new Map<string, Promise<WebKey>>();
const maxKeys = 100;

// What is no text, or empty, is left to `verify`, which names it.
async function imported(
  keys: readonly string[],
  importOne: (text: string) => Promise<WebKey>,
): Promise<readonly (string | WebKey)[]> {
  if (!Array.isArray(keys as unknown)) return keys;
  return Promise.all(
    keys.map(async (key) => (typeof key === 'string' && key !== '' ? once(key, importOne) : key)),
  );
}

async function once(key: string, importOne: (text: string) => Promise<WebKey>): Promise<WebKey> {
  const known = importedKeys.get(key);
  if (known !== undefined) return known;
  const key_ = importOne(key);
  await key_;
  if (importedKeys.size >= maxKeys) importedKeys.clear();
  importedKeys.set(key, key_);
  return key_;
}
