/** Why a text is not JSON that the API would take. The texts for it are in `json-texts.ts`. */
export type JsonFaultCode =
  | 'character'
  | 'comment'
  | 'control'
  | 'deep'
  | 'end'
  | 'escape'
  | 'inexact'
  | 'more'
  | 'name'
  | 'number'
  | 'quote'
  | 'repeated'
  | 'separator'
  | 'trailing';

/** The first fault of a text. `at`: its offset in characters; `found`: what stands there, `''` at the end. */
export type JsonFault = Readonly<{ code: JsonFaultCode; at: number; found: string }>;

/** A text that was read: its value with the offset of each part by JSON pointer, or the first fault. */
export type JsonText =
  | Readonly<{ ok: true; value: unknown; places: ReadonlyMap<string, number> }>
  | Readonly<{ ok: false; fault: JsonFault }>;

const maxDepth = 128;
const word = /[\w.$+-]+/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const stringEnd = /["\\\u0000-\u001f]/g;
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

class Fault extends Error {
  readonly code: JsonFaultCode;
  readonly at: number;

  constructor(code: JsonFaultCode, at: number) {
    super(code);
    this.code = code;
    this.at = at;
  }
}

/** Reads JSON strictly (RFC 8259), and refuses what the API refuses: repeated names, and numbers that would be rounded. */
export function readJsonText(text: string): JsonText {
  const reader = new Reader(text);
  try {
    reader.readAll();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, at } = error;
    return { ok: false, fault: { code, at, found: wordAt(text, at) } };
  }
  return { ok: true, value: JSON.parse(text) as unknown, places: reader.places };
}

/** Returns the line and the column of an offset, both from 1. */
export function placeOf(text: string, at: number): Readonly<{ line: number; column: number }> {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: at - lineStart + 1 };
}

/** Returns the line of the part that a JSON pointer leads to, or of the nearest one around it that is there. */
export function lineOfPointer(text: string, places: ReadonlyMap<string, number>, pointer: string): number {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const place = places.get(at);
    if (place !== undefined) return placeOf(text, place).line;
  }
  return placeOf(text, places.get('') ?? 0).line;
}

function wordAt(text: string, at: number): string {
  word.lastIndex = at;
  return (word.exec(text)?.[0] ?? Array.from(text.slice(at, at + 2))[0] ?? '').slice(0, 30);
}

class Reader {
  readonly places = new Map<string, number>();
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readAll(): void {
    this.#readValue('', 0);
    if (this.#next() !== '') this.#fail('more');
  }

  #readValue(pointer: string, depth: number, placeAt?: number): void {
    const first = this.#next();
    this.places.set(pointer, placeAt ?? this.#at);
    if (depth > maxDepth) this.#fail('deep');
    if (first === '{') this.#readObject(pointer, depth);
    else if (first === '[') this.#readArray(pointer, depth);
    else if (first === '"') this.#readString();
    else if (first === '-' || (first >= '0' && first <= '9')) this.#readNumber();
    else this.#readLiteral(first);
  }

  #readLiteral(first: string): void {
    if (first === '') this.#fail('end');
    if (first === "'") this.#fail('quote');
    if (first === '/') this.#fail('comment');
    const literal = ['true', 'false', 'null'].find((one) => wordAt(this.#text, this.#at) === one);
    if (literal === undefined) this.#fail(/[\w$]/.test(first) ? 'quote' : 'character');
    this.#at += literal.length;
  }

  #readObject(pointer: string, depth: number): void {
    this.#at += 1;
    const names = new Set<string>();
    for (let first = this.#next(); first !== '}'; first = this.#next()) {
      if (names.size > 0) this.#readSeparator('}');
      const place = this.#at;
      if (this.#text[place] !== '"') this.#fail(this.#text[place] === undefined ? 'end' : 'name');
      const name = this.#readString();
      if (names.has(name)) this.#fail('repeated', place);
      names.add(name);
      const colon = this.#next();
      if (colon !== ':') this.#fail(colon === '' ? 'end' : 'separator');
      this.#at += 1;
      const part = name.replaceAll('~', '~0').replaceAll('/', '~1');
      this.#readValue(`${pointer}/${part}`, depth + 1, place);
    }
    this.#at += 1;
  }

  #readArray(pointer: string, depth: number): void {
    this.#at += 1;
    for (let count = 0; this.#next() !== ']'; count += 1) {
      if (count > 0) this.#readSeparator(']');
      this.#readValue(`${pointer}/${count}`, depth + 1);
    }
    this.#at += 1;
  }

  /** Reads the comma between two members or elements, and finds one that has nothing after it. */
  #readSeparator(end: string): void {
    const comma = this.#next();
    if (comma !== ',') this.#fail(comma === '' ? 'end' : comma === '/' ? 'comment' : 'separator');
    const place = this.#at;
    this.#at += 1;
    if (this.#next() === end) this.#fail('trailing', place);
  }

  #readString(): string {
    const start = this.#at;
    this.#at += 1;
    for (;;) {
      stringEnd.lastIndex = this.#at;
      const found = stringEnd.exec(this.#text);
      if (found === null) this.#fail('end', this.#text.length);
      this.#at = found.index;
      if (found[0] === '"') break;
      if (found[0] !== '\\') this.#fail('control');
      escapeSequence.lastIndex = this.#at;
      const escaped = escapeSequence.exec(this.#text);
      if (escaped === null) this.#fail('escape');
      this.#at += escaped[0].length;
    }
    this.#at += 1;
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #readNumber(): void {
    number.lastIndex = this.#at;
    const token = number.exec(this.#text)?.[0];
    if (token === undefined) this.#fail('number');
    if (/[\w.]/.test(this.#text[this.#at + token.length] ?? '')) this.#fail('number');
    if (!isHeld(token)) this.#fail('inexact');
    this.#at += token.length;
  }

  /** Skips white space, and returns the next character; `''` at the end. */
  #next(): string {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at += 1;
    return this.#text[this.#at] ?? '';
  }

  #fail(code: JsonFaultCode, at = this.#at): never {
    throw new Fault(code, at);
  }
}

/** Returns true if JSON.parse and JSON.stringify keep the decimal value of a number. */
function isHeld(token: string): boolean {
  const value = Number(token);
  return Number.isFinite(value) && decimalOf(token) === decimalOf(String(value));
}

function decimalOf(token: string): string {
  const [mantissa = '', power = '0'] = token.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const trimmed = digits.replace(/0+$/, '');
  if (trimmed === '') return '0';
  return `${token.startsWith('-') ? '-' : ''}${trimmed}e${Number(power) - fraction.length + digits.length - trimmed.length}`;
}
