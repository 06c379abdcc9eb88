// Shorter ones occur in too many words to search for.
export const minSecretLength = 4;

/**
 * A secret as it is written in a text. `before` and `after` count the adjacent characters that hold some of its bits
 * together with bits of something else.
 */
export type Form = Readonly<{ text: string; before: number; after: number }>;

/**
 * Returns the parts of a secret that are as sensitive as the whole: a token without its scheme, a password, a key
 * without its prefix.
 */
function partsOf(secret: string): readonly string[] {
  const [, scheme, credentials] = /^([a-z][a-z0-9_-]*) +(\S.*)$/i.exec(secret) ?? [];
  const [, key] = /^(?:whsec|whsk)_(.+)$/.exec(secret) ?? [];
  const parts = [secret];
  if (credentials !== undefined) parts.push(credentials);
  if (credentials !== undefined && scheme?.toLowerCase() === 'basic') {
    const pair = Buffer.from(credentials, 'base64').toString('utf8');
    parts.push(pair, pair.slice(pair.indexOf(':') + 1));
  }
  if (key !== undefined) parts.push(key, Buffer.from(key, 'base64').toString('hex'));
  return parts;
}

// Header values are sent as latin1; an endpoint that has parsed them may write them as UTF-8.
const bytesOf = (part: string): readonly Buffer[] => [Buffer.from(part, 'latin1'), Buffer.from(part, 'utf8')];

/**
 * Returns a text as it is, as its bytes in either encoding decode in the other, in the URL-safe alphabet of base64, and
 * in hex.
 */
function textsOf(part: string): readonly string[] {
  const urlSafe = part.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  const misread = [
    Buffer.from(part, 'latin1').toString('utf8'),
    Buffer.from(part, 'utf8').toString('latin1'),
  ];
  return [part, ...misread, urlSafe, ...bytesOf(part).map((bytes) => bytes.toString('hex'))];
}

/**
 * Returns the base64 of these bytes within any text (RFC 4648 section 4), which depends on the number of bytes before them,
 * modulo three. Each form has only the characters that these bytes alone determine.
 */
function base64FormsOf(bytes: Buffer): readonly Form[] {
  return [0, 1, 2].map((before) => {
    const bits = (before + bytes.length) * 8;
    const written = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const text = written.slice(Math.ceil((before * 8) / 6), Math.floor(bits / 6));
    return { text, before: before === 0 ? 0 : 1, after: bits % 6 === 0 ? 0 : 1 };
  });
}

// Both keep the index of every character. U+0130 is left out: it alone has a lower case of two characters.
export const foldCase = (text: string): string =>
  text.includes('\u0130') ? text.replace(/[^\u0130]+/g, (some) => some.toLowerCase()) : text.toLowerCase();
export const foldAlphabet = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '/');

function distinct(forms: readonly Form[]): readonly Form[] {
  const long = forms.filter(({ text }) => text.length >= minSecretLength);
  return [...new Map(long.map((form) => [form.text, form])).values()];
}

/** The forms of some secrets: those to search for in a text of folded case, and in one of folded alphabet. */
export type SecretForms = Readonly<{
  texts: readonly Form[];
  base64s: readonly Form[];
  /** The length of the shortest form; no shorter text holds a whole secret. */
  shortest: number;
}>;

/** Returns every form of these secrets that a response is searched for. */
export function formsOf(secrets: readonly string[]): SecretForms {
  const parts = [...new Set(secrets.flatMap(partsOf))].filter((part) => part.length >= minSecretLength);
  const texts = distinct(
    parts.flatMap(textsOf).map((text) => ({ text: foldCase(text), before: 0, after: 0 })),
  );
  const base64s = distinct(parts.flatMap(bytesOf).flatMap(base64FormsOf));
  const lengths = [...texts, ...base64s].map(({ text }) => text.length);
  return { texts, base64s, shortest: Math.min(...lengths, Number.POSITIVE_INFINITY) };
}
