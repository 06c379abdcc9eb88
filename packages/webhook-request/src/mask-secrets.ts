import { isUtf8 } from 'node:buffer';
import {
  type Form,
  foldAlphabet,
  foldCase,
  formsOf,
  minSecretLength,
  type SecretForms,
} from './secret-forms.ts';
import { decoded, decoders, type Reading, startIn } from './text-readings.ts';

/**
 * Masks secrets in what an endpoint sent. `isCut`: more followed than was read, so a secret may begin at the end.
 */
export type Mask = Readonly<{
  /** No shorter text contains a whole secret. */
  shortest: number;
  /** Returns the text without secrets; the same text if it contains none. */
  text(text: string, isCut: boolean): string;
  /** Returns the body without secrets; the same buffer if it contains none. The other bytes are unchanged. */
  body(body: Buffer, isCut: boolean): Buffer;
  /**
   * Returns a mask that also finds the secrets of one request, each of at least 40 letters, digits and `+/=`.
   * `secretsOf` is called for a text that may hold one, so most responses cost nothing.
   */
  also(secretsOf: () => readonly string[]): Mask;
}>;

const minLongSecret = 40;
// An echo of such a secret, in any encoding, has that many characters that separate nothing.
const longWord = /(?:^|[\s"'<>,;:{}()])[^\s"'<>,;:{}()]{40}/;

/** The replacement for a secret. */
export const maskedText = '***';

type Range = Readonly<{ from: number; to: number }>;
type Found = Readonly<{ at: number; form: Form }>;

/** Returns the index at which the text ends in the beginning of the form. */
function cutAt(text: string, { text: wanted }: Form): number | null {
  const last = text.length - minSecretLength;
  for (let from = Math.max(0, text.length - wanted.length + 1); from <= last; from += 1) {
    if (text[from] === wanted[0] && wanted.startsWith(text.slice(from))) return from;
  }
  return null;
}

/** Adds the places of each form in a text that is folded as the forms are. */
function search(text: string, forms: readonly Form[], found: Found[]): void {
  for (const form of forms) {
    for (let at = text.indexOf(form.text); at >= 0; at = text.indexOf(form.text, at + 1)) {
      found.push({ at, form });
    }
  }
}

function searchCut(text: string, forms: readonly Form[], found: Found[]): void {
  for (const form of forms) {
    const at = cutAt(text, form);
    if (at !== null) found.push({ at, form });
  }
}

function findIn(text: string, { texts, base64s }: SecretForms, isCut: boolean): readonly Found[] {
  const found: Found[] = [];
  const anyCase = foldCase(text);
  const anyAlphabet = foldAlphabet(text);
  search(anyCase, texts, found);
  search(anyAlphabet, base64s, found);
  if (isCut) {
    searchCut(anyCase, texts, found);
    searchCut(anyAlphabet, base64s, found);
  }
  return found;
}

function rangeOf(reading: Reading, { at, form }: Found): Range {
  const { length } = reading.text;
  return {
    from: startIn(reading, Math.max(0, at - form.before)),
    to: startIn(reading, Math.min(length, at + form.text.length + form.after)),
  };
}

/**
 * Returns the places of secrets in a text and in its decodings; text inside JSON is often encoded as JSON twice. The
 * positions of a decoding are computed only if it contains a secret, since most responses contain none.
 */
function rangesIn(text: string, forms: SecretForms, isCut: boolean): readonly Range[] {
  const original: Reading = { text, starts: null };
  const ranges = findIn(text, forms, isCut).map((found) => rangeOf(original, found));
  for (const decoder of decoders) {
    let plain = text;
    for (let depth = 1; depth <= 2; depth += 1) {
      const next = plain.replace(decoder.pattern, decoder.decode);
      if (next === plain) break;
      plain = next;
      const found = findIn(plain, forms, isCut);
      if (found.length === 0) continue;
      let reading = decoded(original, decoder);
      if (depth === 2) reading = decoded(reading, decoder);
      for (const one of found) ranges.push(rangeOf(reading, one));
    }
  }
  return ranges;
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

class SecretMask implements Mask {
  readonly shortest: number;
  readonly #forms: SecretForms;

  constructor(forms: SecretForms) {
    this.#forms = forms;
    this.shortest = forms.shortest;
  }

  text(text: string, isCut: boolean): string {
    const shortest = isCut ? Math.min(minSecretLength, this.shortest) : this.shortest;
    const isTooShort = text.length < shortest;
    const ranges = isTooShort ? [] : rangesIn(text, this.#forms, isCut);
    return ranges.length === 0 ? text : withoutRanges(text, ranges);
  }

  body(body: Buffer, isCut: boolean): Buffer {
    return maskedBody(this, body, isCut);
  }

  also(secretsOf: () => readonly string[]): Mask {
    return new RequestMask(this, secretsOf);
  }
}

/** A mask that makes its own forms when they are first needed. */
class RequestMask implements Mask {
  readonly shortest: number;
  readonly #outer: Mask;
  readonly #secretsOf: () => readonly string[];
  #own: Mask | undefined;

  constructor(outer: Mask, secretsOf: () => readonly string[]) {
    this.shortest = Math.min(outer.shortest, minLongSecret);
    this.#outer = outer;
    this.#secretsOf = secretsOf;
  }

  text(text: string, isCut: boolean): string {
    const outer = this.#outer.text(text, isCut);
    // The beginning of a secret, at the end of a cut text, is too short for the pattern.
    if (!isCut && !longWord.test(outer)) return outer;
    this.#own ??= maskOf(this.#secretsOf());
    return this.#own.text(outer, isCut);
  }

  body(body: Buffer, isCut: boolean): Buffer {
    return maskedBody(this, body, isCut);
  }

  also(secretsOf: () => readonly string[]): Mask {
    return new RequestMask(this, secretsOf);
  }
}

function maskedBody(mask: Mask, body: Buffer, isCut: boolean): Buffer {
  // Read as Latin-1, each byte of a body that is no UTF-8 is one character, and the bytes beside a secret stay.
  const encoding = isUtf8(body) ? 'utf8' : 'latin1';
  const text = body.toString(encoding);
  const without = mask.text(text, isCut);
  return without === text ? body : Buffer.from(without, encoding);
}

/**
 * Creates the mask for these secrets, once for all responses of an endpoint. An endpoint that echoes requests, or
 * prints its settings on an error, would otherwise reveal them to everyone who may read deliveries.
 *
 * It finds a secret, its token without the scheme, the password in `Basic`, and a signing secret without its prefix;
 * each in lower or upper case, in hex, in base64 (alone or within a longer text), in UTF-16, and escaped for JSON, URLs,
 * forms and HTML. It does not find secrets of fewer than four characters, or other transformations.
 */
export function maskOf(secrets: readonly string[]): Mask {
  return new SecretMask(formsOf(secrets));
}
