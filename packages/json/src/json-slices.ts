/**
 * The position of a value in a document, in bytes: `[start, end)`. `depth` counts its nested arrays and objects; 0 for
 * a scalar.
 */
export type Slice = Readonly<{ start: number; end: number; depth: number }>;

/** A member of an object: its name, with escapes resolved, and the position of its value. */
export type Member = Slice & Readonly<{ name: string }>;

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;

/** Returns the error for invalid JSON, which is a defect of the caller: it must parse the text first. */
const lost = (at: number): Error => new Error(`no JSON value where one was expected, at byte ${at}`);

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Returns the first byte at or after `from` that is not white space. */
export const skipSpace = (json: Uint8Array, from: number): number => {
  let at = from;
  while (isSpace(json[at])) at += 1;
  return at;
};

/**
 * Returns the byte after the closing quote of a string. Quotes and backslashes never occur inside a multi-byte
 * character of UTF-8.
 */
export const endOfString = (json: Uint8Array, openingQuote: number): number => {
  for (let at = openingQuote + 1; at < json.length; at += 1) {
    const byte = json[at];
    if (byte === quote) return at + 1;
    if (byte === backslash) at += 1;
  }
  throw lost(openingQuote);
};

/** Returns the byte after a number, `true`, `false` or `null`. */
export const endOfScalar = (json: Uint8Array, from: number): number => {
  let at = from;
  for (; at < json.length; at += 1) {
    const byte = json[at];
    if (byte === comma || byte === closeBrace || byte === closeBracket || isSpace(byte)) break;
  }
  if (at === from) throw lost(from);
  return at;
};

const endOfContainer = (json: Uint8Array, start: number): Slice => {
  let open = 0;
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const byte = json[at];
    if (byte === quote) {
      at = endOfString(json, at);
      continue;
    }
    at += 1;
    if (byte === openBrace || byte === openBracket) {
      open += 1;
      if (open > depth) depth = open;
    } else if (byte === closeBrace || byte === closeBracket) {
      open -= 1;
      if (open === 0) return { start, end: at, depth };
    }
  }
  throw lost(start);
};

const valueAt = (json: Uint8Array, start: number): Slice => {
  const first = json[start];
  if (first === openBrace || first === openBracket) return endOfContainer(json, start);
  const end = first === quote ? endOfString(json, start) : endOfScalar(json, start);
  return { start, end, depth: 0 };
};

/** Returns the text of the string in `[start, end)`, quotes included, with its escapes resolved. */
export const textAt = (json: Buffer, start: number, end: number): string => {
  const hasEscapes = json.subarray(start, end).includes(backslash);
  return hasEscapes
    ? (JSON.parse(json.toString('utf8', start, end)) as string)
    : json.toString('utf8', start + 1, end - 1);
};

/**
 * Returns the members of the object that begins at or after `from`, in written order, a repeated name each time. `json`
 * must have passed JSON.parse: the function only finds positions, so that values can be cut out byte for byte. It is
 * iterative, so any nesting depth works.
 */
export const membersOf = (json: Buffer, from = 0): readonly Member[] => {
  let at = skipSpace(json, from);
  if (json[at] !== openBrace) throw lost(at);
  const members: Member[] = [];
  at = skipSpace(json, at + 1);
  while (json[at] === quote) {
    const nameEnd = endOfString(json, at);
    const name = textAt(json, at, nameEnd);
    const colon = skipSpace(json, nameEnd);
    const { start, end, depth } = valueAt(json, skipSpace(json, colon + 1));
    members.push({ name, start, end, depth });
    at = skipSpace(json, end);
    if (json[at] === comma) at = skipSpace(json, at + 1);
  }
  if (json[at] !== closeBrace) throw lost(at);
  return members;
};

/** Returns the elements of the array that begins at or after `from`, under the same conditions as {@link membersOf}. */
export const elementsOf = (json: Buffer, from = 0): readonly Slice[] => {
  let at = skipSpace(json, from);
  if (json[at] !== openBracket) throw lost(at);
  const elements: Slice[] = [];
  at = skipSpace(json, at + 1);
  while (at < json.length && json[at] !== closeBracket) {
    const element = valueAt(json, at);
    elements.push(element);
    at = skipSpace(json, element.end);
    if (json[at] === comma) at = skipSpace(json, at + 1);
  }
  if (json[at] !== closeBracket) throw lost(at);
  return elements;
};
