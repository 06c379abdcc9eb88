const entities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

const jsonEscapes: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

/** An encoding of a text inside another. `decode` receives what matches `pattern`. */
type Decoder = Readonly<{ pattern: RegExp; decode: (written: string) => string }>;

/** Encodings of a text inside another: JSON strings (RFC 8259), URLs and forms, HTML, and UTF-16 read as bytes. */
export const decoders: readonly Decoder[] = [
  {
    pattern: /\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])/g,
    decode: (written) => {
      const letter = written.charAt(1);
      return letter === 'u'
        ? String.fromCharCode(Number.parseInt(written.slice(2), 16))
        : (jsonEscapes.get(letter) ?? letter);
    },
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
  // biome-ignore lint/suspicious/noControlCharactersInRegex: every other byte of a Latin text in UTF-16
  { pattern: /\u0000+/g, decode: () => '' },
];

/** A decoded text with the position of each character, and of its end, in the original text; null: the same. */
export type Reading = Readonly<{ text: string; starts: readonly number[] | null }>;

/** Returns the position in the original text of a character of the reading. */
export function startIn({ starts }: Reading, index: number): number {
  return starts === null ? index : (starts[index] ?? 0);
}

/** Decodes a reading once more, with positions. */
export function decoded(reading: Reading, { pattern, decode }: Decoder): Reading {
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
  keep(reading.text.length);
  starts.push(startIn(reading, reading.text.length));
  return { text: parts.join(''), starts };
}
