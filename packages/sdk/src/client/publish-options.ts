import { checkNames, checkText, codeOf, type Names, wrong } from '../check-arguments.ts';

/**
 * Options of a publish call. `idempotencyKey`: with the same key, repeats of the call publish the same events, also
 * after a crash of your process; 1 to 256 printable ASCII characters; random by default. `signal`: ends the call and
 * its waits.
 */
export type PublishOptions = Readonly<{ idempotencyKey?: string; signal?: AbortSignal }>;

const names: Names = {
  known: ['idempotencyKey', 'signal'],
  mistakenFor: { key: 'idempotencyKey', idempotency: 'idempotencyKey', abortSignal: 'signal' },
};
const maxKeyChars = 256;

/** Throws TypeError for invalid options of a call of the function `name`. */
export function checkPublishOptions(options: PublishOptions, name = 'publish'): void {
  checkNames(`the second argument of ${name}`, options, names);
  const { idempotencyKey, signal } = options;
  if (idempotencyKey !== undefined) checkKey(idempotencyKey);
  const isSignal = signal === undefined || (signal as unknown) instanceof AbortSignal;
  if (!isSignal) throw wrong('signal', 'an AbortSignal', signal);
}

// Same rule as the API's (draft-ietf-httpapi-idempotency-key-header): a key that no header can carry would be retried
// in vain, and the API would trim a key with white space around it to a different one.
function checkKey(key: unknown): void {
  const wanted = `1 to ${maxKeyChars} printable ASCII characters, such as a UUID`;
  checkText('idempotencyKey', key);
  if (key === '') throw wrong('idempotencyKey', wanted, key);
  if (key.length > maxKeyChars) {
    throw new TypeError(`idempotencyKey must be ${wanted}, got ${key.length} characters`);
  }
  const bad = /[^\x20-\x7e]/u.exec(key);
  if (bad !== null) {
    const place = `${codeOf(bad[0])} at index ${bad.index}`;
    throw new TypeError(`idempotencyKey must be ${wanted}, got '${key}' with ${place}`);
  }
  if (key.trim() !== key) throw wrong('idempotencyKey', 'without blanks around it', key);
  if (key.startsWith('"') && !/^"([^"\\]|\\["\\])+"$/.test(key)) {
    throw wrong('idempotencyKey', 'a whole quoted string where it begins with a quote', key);
  }
}
