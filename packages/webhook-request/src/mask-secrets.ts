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

/**
 * A secret as it is written in a text. `before` and `after` count the adjacent characters that hold some of its bits
 * together with bits of something else.
 */
type Form = Readonly<{ text: string; before: number; after: number }>;

/** Returns the index at which the text ends in the beginning of the form. */
function cutAt(text: string, { text: wanted }: Form): number | null {
  const last = text.length - minSecretLength;
  for (let from = Math.max(0, text.length - wanted.length + 1); from <= last; from += 1) {
    if (text[from] === wanted[0] && wanted.startsWith(text.slice(from))) return from;
  }
  return null;
}

/** Yields the ranges of a form in a reading that is folded as the form is. */
function* rangesIn(reading: Reading, form: Form, isCut: boolean): Generator<Range> {
  const { text } = reading;
  const rangeAt = (at: number): Range => ({
    from: startIn(reading, Math.max(0, at - form.before)),
    to: startIn(reading, Math.min(text.length, at + form.text.length + form.after)),
  });
  for (let at = text.indexOf(form.text); at >= 0; at = text.indexOf(form.text, at + 1)) yield rangeAt(at);
  const cut = isCut ? cutAt(text, form) : null;
  if (cut !== null) yield rangeAt(cut);
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

// Header values are sent as latin1; an endpoint that has parsed them may write them as UTF-8.
const bytesOf = (part: string): readonly Buffer[] => [Buffer.from(part, 'latin1'), Buffer.from(part, 'utf8')];

/** Returns a text as it is, as its bytes decode as UTF-8, in the URL-safe alphabet of base64, and in hex. */
function textsOf(part: string): readonly string[] {
  const urlSafe = part.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  const asRead = Buffer.from(part, 'latin1').toString('utf8');
  return [part, asRead, urlSafe, ...bytesOf(part).map((bytes) => bytes.toString('hex'))];
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
const foldCase = (text: string): string => text.replace(/[^\u0130]+/g, (some) => some.toLowerCase());
const foldAlphabet = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '/');

function distinct(forms: readonly Form[]): readonly Form[] {
  const long = forms.filter(({ text }) => text.length >= minSecretLength);
  return [...new Map(long.map((form) => [form.text, form])).values()];
}

/**
 * Creates the mask for these secrets, once for all responses of an endpoint. An endpoint that echoes requests, or
 * prints its settings on an error, would otherwise reveal them to everyone who may read deliveries.
 *
 * It finds a secret, its token without the scheme, the password in `Basic`, and a signing secret without its prefix;
 * each in lower or upper case, in hex, in base64 (alone or within a longer text), and escaped for JSON, URLs, forms and
 * HTML. It does not find secrets of fewer than four characters, or other transformations.
 */
export function maskOf(secrets: readonly string[]): Mask {
  const parts = [...new Set(secrets.flatMap(partsOf))].filter((part) => part.length >= minSecretLength);
  const texts = distinct(
    parts.flatMap(textsOf).map((text) => ({ text: foldCase(text), before: 0, after: 0 })),
  );
  const base64s = distinct(parts.flatMap(bytesOf).flatMap(base64FormsOf));
  return (body, isCut) => {
    if (body.length === 0 || parts.length === 0) return body;
    const text = body.toString('utf8');
    const ranges = readingsOf(text).flatMap((reading) => {
      const anyCase = { ...reading, text: foldCase(reading.text) };
      const anyAlphabet = { ...reading, text: foldAlphabet(reading.text) };
      return [
        ...texts.flatMap((form) => [...rangesIn(anyCase, form, isCut)]),
        ...base64s.flatMap((form) => [...rangesIn(anyAlphabet, form, isCut)]),
      ];
    });
    return ranges.length === 0 ? body : Buffer.from(withoutRanges(text, ranges));
  };
}
