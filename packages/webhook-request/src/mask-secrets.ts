/**
 * Masks secrets in an endpoint's response. `isCut`: the body was longer than the part read, so a secret may begin at
 * its end. Returns the same buffer if it contains none.
 */
export type Mask = (body: Buffer, isCut: boolean) => Buffer;

/** The replacement for a secret. */
export const maskedText = '***';

// Shorter ones occur in too many words to search for.
const minSecretLength = 4;

type Decoder = Readonly<{ pattern: RegExp; decode: (written: string) => string }>;

const entities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

/** Encodings of a text inside another: JSON strings (RFC 8259), URLs and forms, HTML. */
const decoders: readonly Decoder[] = [
  {
    pattern: /\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])/g,
    decode: (written) => JSON.parse(`"${written}"`) as string,
  },
  {
    pattern: /(?:%[0-9a-f]{2})+|\+/gi,
    decode: (written) =>
      written === '+' ? ' ' : Buffer.from(written.replaceAll('%', ''), 'hex').toString('utf8'),
  },
  {
    pattern: /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos);/gi,
    decode: (written) => {
      const name = written.slice(1, -1).toLowerCase();
      if (name.startsWith('#x')) return characterOf(Number.parseInt(name.slice(2), 16));
      if (name.startsWith('#')) return characterOf(Number.parseInt(name.slice(1), 10));
      return entities.get(name) ?? written;
    },
  },
];

/** A decoded text with the position of each character, and of its end, in the original text. */
type Reading = Readonly<{ text: string; starts: readonly number[] | null }>;

function startIn({ starts }: Reading, index: number): number {
  return starts === null ? index : (starts[index] ?? 0);
}

/** Returns null if the text contains no escape of this encoding. */
function decoded(reading: Reading, { pattern, decode }: Decoder): Reading | null {
  const parts: string[] = [];
  const starts: number[] = [];
  let end = 0;
  const keep = (until: number): void => {
    parts.push(reading.text.slice(end, until));
    for (let index = end; index < until; index += 1) starts.push(startIn(reading, index));
  };
  for (const match of reading.text.matchAll(pattern)) {
    const [written] = match;
    keep(match.index);
    const character = decode(written);
    parts.push(character);
    for (let index = 0; index < character.length; index += 1) starts.push(startIn(reading, match.index));
    end = match.index + written.length;
  }
  if (end === 0) return null;
  keep(reading.text.length);
  starts.push(startIn(reading, reading.text.length));
  return { text: parts.join(''), starts };
}

/** Returns the text itself and all its decodings; text inside JSON is often encoded as JSON twice. */
function readingsOf(text: string): readonly Reading[] {
  const readings: Reading[] = [{ text, starts: null }];
  for (const decoder of decoders) {
    let reading = readings[0] ?? null;
    for (let depth = 0; depth < 2 && reading !== null; depth += 1) {
      reading = decoded(reading, decoder);
      if (reading !== null) readings.push(reading);
    }
  }
  return readings;
}

type Range = Readonly<{ from: number; to: number }>;

/** Returns the range at the text's end that is the beginning of a secret. */
function cutRange(reading: Reading, secret: string): Range | null {
  const { text } = reading;
  const last = text.length - minSecretLength;
  for (let from = Math.max(0, text.length - secret.length + 1); from <= last; from += 1) {
    if (text[from] === secret[0] && secret.startsWith(text.slice(from))) {
      return { from: startIn(reading, from), to: startIn(reading, text.length) };
    }
  }
  return null;
}

function* rangesIn(reading: Reading, secret: string, isCut: boolean): Generator<Range> {
  const { text } = reading;
  for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
    yield { from: startIn(reading, at), to: startIn(reading, at + secret.length) };
  }
  const cut = isCut ? cutRange(reading, secret) : null;
  if (cut !== null) yield cut;
}

/** Returns the text with every range masked; overlapping ranges share one mask. */
function withoutRanges(text: string, ranges: readonly Range[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    if (from >= end) parts.push(text.slice(end, from), maskedText);
    end = Math.max(end, to);
  }
  return [...parts, text.slice(end)].join('');
}

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

/** Returns a text as it is, as its bytes decode as UTF-8, and in base64 with and without padding. */
function formsOf(part: string): readonly string[] {
  // Header values are sent as latin1.
  const bytes = Buffer.from(part, 'latin1');
  const urlSafe = part.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  const unpadded = bytes.toString('base64').replace(/=+$/, '');
  return [part, bytes.toString('utf8'), urlSafe, unpadded, bytes.toString('base64url')];
}

/**
 * Creates the mask for these secrets, once for all responses of an endpoint. An endpoint that echoes requests, or
 * prints its settings on an error, would otherwise reveal them to everyone who may read deliveries.
 *
 * It finds a secret, its token without the scheme, the password in `Basic`, and a signing secret without its prefix;
 * each unchanged, in base64 (a signing key in hex as well), and escaped for JSON, URLs, forms and HTML. It does not
 * find secrets of fewer than four characters, or other transformations.
 */
export function maskOf(secrets: readonly string[]): Mask {
  const forms = new Set(secrets.flatMap(partsOf).flatMap(formsOf));
  const wanted = [...forms].filter((form) => form.length >= minSecretLength);
  return (body, isCut) => {
    if (body.length === 0 || wanted.length === 0) return body;
    const text = body.toString('utf8');
    const ranges = readingsOf(text).flatMap((reading) =>
      wanted.flatMap((secret) => [...rangesIn(reading, secret, isCut)]),
    );
    return ranges.length === 0 ? body : Buffer.from(withoutRanges(text, ranges));
  };
}
