import { followingInNumber, isDigit, isEndOfNumber, isHex, states } from './json-states.ts';
import { Utf8Check } from './utf8-check.ts';

/** The end of a document that is not JSON, with the byte at which it stops being so. */
export class NotJson extends Error {
  constructor(reason: string, at: number) {
    super(`${reason}, at byte ${at}`);
  }
}

/** A part of a document: `isInside` is true for bytes of the value that the scanner looks for. */
export type ScannedPart = Readonly<{ isInside: boolean; bytes: Buffer }>;

/** Options of a {@link JsonScanner}. `name`: the member of the outermost object whose value is told apart; null: each. */
export type ScannerOptions = Readonly<{ name: string | null; maxDepth: number }>;

const [object, array] = [1, 2];
const maxNameBytes = 256;
const literals: Readonly<Record<number, string>> = { 116: 'true', 102: 'false', 110: 'null' };
const escapes = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)));

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Checks a JSON document (RFC 8259, in UTF-8) that comes in chunks, in memory that does not grow with it, and tells the
 * value of one member of its outermost object, or of each, apart from the rest. Of a repeated member of this name the first
 * is told apart. Throws {@link NotJson}.
 */
export class JsonScanner {
  readonly #options: ScannerOptions;
  readonly #stack: Uint8Array;
  #state: number = states.value;
  #depth = 0;
  #at = 0;
  #hexLeft = 0;
  #literal = '';
  #literalAt = 0;
  #isName = false;
  #name: number[] = [];
  #isFound = false;
  #isInside = false;
  #isWanted = false;
  #endsBefore = false;
  #deepest = 0;
  readonly #utf8 = new Utf8Check();

  constructor(options: ScannerOptions) {
    this.#options = options;
    // One level for the outermost object, and one to notice what is too deep.
    this.#stack = new Uint8Array(options.maxDepth + 2);
  }

  /** Nested arrays and objects of the value told apart; 0 for a scalar. */
  get depth(): number {
    return this.#deepest;
  }

  /** Reads the next bytes; returns them in parts. */
  push(chunk: Buffer): ScannedPart[] {
    if (!this.#utf8.accepts(chunk)) throw new NotJson('not UTF-8', this.#at);
    const parts: ScannedPart[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      if (this.#state === states.text) at = this.#skipText(chunk, at);
      if (at >= chunk.length) break;
      const wasInside = this.#isInside;
      this.#step(chunk[at] ?? 0, this.#at + at);
      if (wasInside === this.#isInside) continue;
      // A value begins with the byte that was read, and a number has ended before it.
      const edge = this.#isInside || this.#endsBefore ? at : at + 1;
      if (edge > from) parts.push({ isInside: wasInside, bytes: chunk.subarray(from, edge) });
      from = edge;
    }
    if (from < chunk.length) parts.push({ isInside: this.#isInside, bytes: chunk.subarray(from) });
    this.#at += chunk.length;
    return parts;
  }

  /** Ends the document. */
  end(): void {
    if (!this.#utf8.isComplete) throw new NotJson('not UTF-8', this.#at);
    if (this.#depth === 0 && isEndOfNumber(this.#state)) this.#state = states.after;
    if (this.#depth > 0 || this.#state !== states.after) throw new NotJson('it ends too early', this.#at);
  }

  /** Returns the position of the first byte of a text, from `at` on, that is more than a letter. */
  #skipText(chunk: Buffer, at: number): number {
    if (this.#isName) return at;
    let next = at;
    for (; next < chunk.length; next += 1) {
      const byte = chunk[next] ?? 0;
      if (byte === 0x22 || byte === 0x5c || byte < 0x20) break;
    }
    return next;
  }

  #step(byte: number, at: number): void {
    this.#endsBefore = false;
    switch (this.#state) {
      case states.text:
        this.#inText(byte, at);
        return;
      case states.escape:
        this.#note(byte);
        if (byte === 0x75) {
          this.#hexLeft = 4;
          this.#state = states.hex;
        } else if (escapes.has(byte)) this.#state = states.text;
        else throw new NotJson('an unknown escape', at);
        return;
      case states.hex:
        this.#note(byte);
        if (!isHex(byte)) throw new NotJson('an unknown escape', at);
        this.#hexLeft -= 1;
        if (this.#hexLeft === 0) this.#state = states.text;
        return;
      case states.literal:
        if (byte !== this.#literal.charCodeAt(this.#literalAt)) throw new NotJson('no JSON value', at);
        this.#literalAt += 1;
        if (this.#literalAt === this.#literal.length) this.#ended();
        return;
      default:
        if (this.#state >= states.minus) this.#inNumber(byte, at);
        else if (!isSpace(byte)) this.#between(byte, at);
    }
  }

  #inText(byte: number, at: number): void {
    if (byte < 0x20) throw new NotJson('a control character in a text', at);
    if (byte === 0x5c) {
      this.#note(byte);
      this.#state = states.escape;
    } else if (byte !== 0x22) this.#note(byte);
    else if (this.#isName) this.#named();
    else this.#ended();
  }

  #note(byte: number): void {
    if (this.#isName && this.#depth === 1 && this.#name.length < maxNameBytes) this.#name.push(byte);
  }

  #named(): void {
    this.#isName = false;
    this.#state = states.colon;
    if (this.#depth !== 1 || this.#isFound) return;
    if (this.#options.name === null) {
      this.#isWanted = true;
      return;
    }
    const text = `"${Buffer.from(this.#name).toString('utf8')}"`;
    this.#isWanted = this.#name.length < maxNameBytes && JSON.parse(text) === this.#options.name;
  }

  #between(byte: number, at: number): void {
    switch (this.#state) {
      case states.value:
        this.#beginValue(byte, at);
        return;
      case states.firstItem:
        if (byte === 0x5d) this.#close(array, at);
        else this.#beginValue(byte, at);
        return;
      case states.firstKey:
      case states.key:
        if (byte === 0x7d && this.#state === states.firstKey) this.#close(object, at);
        else if (byte === 0x22) this.#beginText(true);
        else throw new NotJson('no name of a member', at);
        return;
      case states.colon:
        if (byte !== 0x3a) throw new NotJson('no colon after a name', at);
        this.#state = states.value;
        return;
      default:
        this.#afterValue(byte, at);
    }
  }

  #beginText(isName: boolean): void {
    this.#isName = isName;
    this.#name = [];
    this.#state = states.text;
  }

  #beginValue(byte: number, at: number): void {
    if (this.#isWanted && this.#depth === 1) {
      this.#isInside = true;
      this.#isFound = this.#options.name !== null;
      this.#isWanted = false;
    }
    if (byte === 0x22) this.#beginText(false);
    else if (byte === 0x7b) this.#open(object, at);
    else if (byte === 0x5b) this.#open(array, at);
    else if (byte === 0x2d) this.#state = states.minus;
    else if (byte === 0x30) this.#state = states.zero;
    else if (isDigit(byte)) this.#state = states.digits;
    else {
      const literal = literals[byte];
      if (literal === undefined) throw new NotJson('no JSON value', at);
      this.#literal = literal;
      this.#literalAt = 1;
      this.#state = states.literal;
    }
  }

  #open(kind: number, at: number): void {
    if (this.#depth > this.#options.maxDepth)
      throw new NotJson(`arrays and objects more than ${this.#options.maxDepth} deep`, at);
    this.#stack[this.#depth] = kind;
    this.#depth += 1;
    if (this.#isInside) this.#deepest = Math.max(this.#deepest, this.#depth - 1);
    this.#state = kind === object ? states.firstKey : states.firstItem;
  }

  #close(kind: number, at: number): void {
    if (this.#depth === 0 || this.#stack[this.#depth - 1] !== kind)
      throw new NotJson('a bracket without its beginning', at);
    this.#depth -= 1;
    this.#ended();
  }

  #ended(): void {
    this.#state = states.after;
    if (this.#depth === 1) this.#isInside = false;
  }

  #afterValue(byte: number, at: number): void {
    if (this.#depth === 0) throw new NotJson('more than one value', at);
    const kind = this.#stack[this.#depth - 1] ?? 0;
    if (byte === 0x2c) this.#state = kind === object ? states.key : states.value;
    else if (byte === 0x7d) this.#close(object, at);
    else if (byte === 0x5d) this.#close(array, at);
    else throw new NotJson('no comma or bracket after a value', at);
  }

  #inNumber(byte: number, at: number): void {
    const next = followingInNumber(this.#state, byte);
    if (next !== null) {
      this.#state = next;
      return;
    }
    if (!isEndOfNumber(this.#state)) throw new NotJson('a number that is incomplete', at);
    const wasInside = this.#isInside;
    this.#ended();
    this.#endsBefore = wasInside && !this.#isInside;
    if (!isSpace(byte)) this.#afterValue(byte, at);
  }
}
