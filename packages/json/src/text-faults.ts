import type { ErrorDetail } from './error-detail.ts';
import { isHeldExactly } from './exact-number.ts';
import { endOfScalar, endOfString, skipSpace, textAt } from './json-slices.ts';
import { pointerPart } from './pointer-part.ts';

const maxFaults = 20;
const shownLength = 40;

const code = (character: string): number => character.charCodeAt(0);
const quote = code('"');
const comma = code(',');
const colon = code(':');
const opening: readonly number[] = [code('{'), code('[')];
const closing: readonly number[] = [code('}'), code(']')];

const loneSurrogate = /\p{Surrogate}/u;
const shown = (text: string): string => (text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);

/** An open object or array, with the name or index of its current part. `names` is null for an array. */
type Level = { readonly names: Set<string> | null; part: string | number; isAtName: boolean };

const pointerTo = (levels: readonly Level[]): string =>
  levels.map(({ part }) => `/${pointerPart(String(part))}`).join('');

const surrogateIn = (text: string): string =>
  `holds U+${text.charCodeAt(text.search(loneSurrogate)).toString(16).toUpperCase()}, half of a pair of surrogates: ` +
  'that is no character and cannot be kept. Send whole characters';

class TextFaults {
  readonly found: ErrorDetail[] = [];
  readonly #json: Buffer;
  readonly #levels: Level[] = [];

  constructor(json: Buffer) {
    this.#json = json;
  }

  read(): void {
    const json = this.#json;
    let at = skipSpace(json, 0);
    while (at < json.length && this.found.length < maxFaults) {
      at = skipSpace(json, this.#step(json[at] ?? 0, at));
    }
  }

  /** Reads the token that begins with this byte; returns the position at which the next one may begin. */
  #step(byte: number, at: number): number {
    const level = this.#levels.at(-1);
    if (byte === quote) return this.#string(level, at);
    if (opening.includes(byte)) {
      const isObject = byte === opening[0];
      this.#levels.push({ names: isObject ? new Set() : null, part: isObject ? '' : 0, isAtName: isObject });
      return at + 1;
    }
    if (closing.includes(byte)) this.#levels.pop();
    else if (byte === comma && level !== undefined) {
      if (typeof level.part === 'number') level.part += 1;
      level.isAtName = level.names !== null;
    } else if (byte !== comma && byte !== colon) return this.#scalar(at);
    return at + 1;
  }

  #string(level: Level | undefined, at: number): number {
    const end = endOfString(this.#json, at);
    const text = textAt(this.#json, at, end);
    if (level?.isAtName === true) this.#name(level, text);
    else if (loneSurrogate.test(text)) this.#report(surrogateIn(text));
    return end;
  }

  #name(level: Level, name: string): void {
    level.isAtName = false;
    level.part = name;
    if (loneSurrogate.test(name)) this.#report(`has a name that ${surrogateIn(name)}`);
    if (level.names?.has(name) === true)
      this.#report('is there more than once: which one counts would be a guess');
    level.names?.add(name);
  }

  #scalar(at: number): number {
    const end = endOfScalar(this.#json, at);
    const token = this.#json.toString('latin1', at, end);
    if (!isWord(token) && !isHeldExactly(token)) this.#report(roundingOf(token));
    return end;
  }

  #report(detail: string): void {
    this.found.push({ pointer: pointerTo(this.#levels), detail });
  }
}

const isWord = (token: string): boolean => token === 'true' || token === 'false' || token === 'null';

const roundingOf = (token: string): string =>
  `${shown(token)} would become ${String(Number(token))}: numbers here are kept as IEEE 754 doubles. ` +
  'Send one that a double holds, or a text';

/**
 * Returns the parts of a JSON text that parsing would lose or change: duplicate names in an object, numbers that no
 * double holds, lone surrogates. At most 20 faults, in the order of the text. `json` must be UTF-8 that has passed
 * JSON.parse. Takes time linear in its bytes and constant stack at any depth.
 */
export function textFaults(json: Buffer): readonly ErrorDetail[] {
  const faults = new TextFaults(json);
  faults.read();
  return faults.found;
}
