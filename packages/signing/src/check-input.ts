/** Throws TypeError unless `body` is bytes or, if `isTextTaken`, text. A parsed body is the usual mistake. */
export function checkBody(body: unknown, isTextTaken = false): void {
  if (isBytes(body) || (isTextTaken && typeof body === 'string')) return;
  const wanted = isTextTaken
    ? 'the raw bytes (Buffer, Uint8Array) or the raw text'
    : 'the raw bytes (a Buffer)';
  const hint =
    typeof body === 'object' && body !== null
      ? ': a signature covers the bytes as they came, so read them before a parser such as express.json() does'
      : '';
  throw new TypeError(`body must be ${wanted} of the request, got ${kindOf(body)}${hint}`);
}

/** Throws TypeError unless `headers` is an object: those of node:http, or Headers. */
export function checkHeaders(headers: unknown): void {
  if (typeof headers === 'object' && headers !== null && !Array.isArray(headers)) return;
  throw new TypeError(
    `headers must be the headers of the request (an object or Headers), got ${kindOf(headers)}`,
  );
}

/** Throws TypeError if neither list has a key, or if one is not a list of keys. */
export function checkKeys(secrets: unknown = [], publicKeys: unknown = []): void {
  checkKeyList('secrets', secrets);
  checkKeyList('publicKeys', publicKeys);
  if (secrets.length + publicKeys.length > 0) return;
  const wanted = "secrets: ['whsec_…'] or publicKeys: ['whpk_…']";
  throw new TypeError(`there is nothing to verify with: give ${wanted}`);
}

/** Throws TypeError unless `secrets` has at least one text. None may be empty: anyone can sign with an empty secret. */
export function checkPlainSecrets(secrets: unknown): void {
  checkKeyList('secrets', secrets);
  if (secrets.length === 0) throw new TypeError(`secrets must have at least one secret: ${askForVariable}`);
}

/** Throws TypeError unless the value is text. */
export function checkText(name: string, value: unknown): asserts value is string {
  if (typeof value === 'string') return;
  const hint = value === undefined ? `: ${askForVariable}` : '';
  throw new TypeError(`${name} must be text, got ${kindOf(value)}${hint}`);
}

/**
 * Throws TypeError unless the value is undefined or a non-negative number of seconds. With NaN every timestamp would
 * pass.
 */
export function checkSeconds(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= 0)) return;
  const got = typeof value === 'number' ? String(value) : kindOf(value);
  throw new TypeError(`${name} must be a number of seconds, 0 or more, got ${got}`);
}

const askForVariable = 'is the environment variable that holds it set?';

function checkKeyList(name: string, list: unknown): asserts list is readonly unknown[] {
  if (!Array.isArray(list)) throw new TypeError(`${name} must be an array, got ${kindOf(list)}`);
  list.forEach((key: unknown, index) => {
    const isPrepared =
      typeof key === 'object' && key !== null && ('scheme' in key || 'asymmetricKeyType' in key);
    if (isPrepared) return;
    checkText(`${name}[${index}]`, key);
    if (key === '') throw new TypeError(`${name}[${index}] must not be empty: ${askForVariable}`);
  });
}

// Not instanceof: bytes of another realm (a worker, a vm context) are bytes as well.
const isBytes = (value: unknown): boolean =>
  ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';

// Returns the kind and never the value, which may be a secret.
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  const kind = typeof value;
  if (kind === 'string') return 'text';
  return kind === 'object' ? 'an object' : `a ${kind}`;
}
