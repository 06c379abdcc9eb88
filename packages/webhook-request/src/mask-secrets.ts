/**
 * Takes secrets out of what an endpoint has answered. `isCut`: the body was longer than what was read of it, so a secret may
 * begin at its end. The same buffer comes back when none is in it.
 */
export type Mask = (body: Buffer, isCut: boolean) => Buffer;

/** What stands in the place of a secret. */
export const maskedText = '***';

// Shorter ones are parts of too many words to be looked for.
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

/** How a text is written inside another: JSON strings (RFC 8259), URLs and forms, HTML. */
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

/** A text and where each of its characters begins in the text that it was decoded from; one more for its end. */
type Reading = Readonly<{ text: string; starts: readonly number[] | null }>;

function startIn({ starts }: Reading, index: number): number {
  return starts === null ? index : (starts[index] ?? 0);
}

/** Null when nothing is escaped in this way. */
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

/** The text as it is, and in every way in which it may be read; what was put into JSON is often put into JSON once more. */
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

/** Where the text ends in the beginning of a secret. */
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

/** The text with every range replaced, those that overlap by one mask. */
function withoutRanges(text: string, ranges: readonly Range[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    if (from >= end) parts.push(text.slice(end, from), maskedText);
    end = Math.max(end, to);
  }
  return [...parts, text.slice(end)].join('');
}

/** What a secret holds that is as good as the secret: a token without its scheme, a password, a key without its prefix. */
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

/** A text as it is, as its bytes look when they are read as UTF-8, and in base64 with and without its padding. */
function formsOf(part: string): readonly string[] {
  // Header values are sent as latin1.
  const bytes = Buffer.from(part, 'latin1');
  const urlSafe = part.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  const unpadded = bytes.toString('base64').replace(/=+$/, '');
  return [part, bytes.toString('utf8'), urlSafe, unpadded, bytes.toString('base64url')];
}

/**
 * The mask for these secrets, made once for all answers of an endpoint. An endpoint that echoes requests, or shows its own
 * settings when something fails, would otherwise put them where everybody who may read deliveries reads them.
 *
 * Found are a secret, its token without the scheme, the password in `Basic`, and a signing secret without its prefix; each
 * as it is, in base64 (a signing key in hex as well), and escaped for JSON, URLs, forms and HTML. Not found are secrets of
 * fewer than four characters, and what an endpoint does to one beyond that.
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
