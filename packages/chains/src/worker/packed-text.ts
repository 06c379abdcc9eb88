import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

/** A text in memory that is rarely read. */
export type PackedText = Readonly<{
  /** Deflated bytes, one in each character: a string has less around it than a Buffer. */
  bytes: string;
  dictionary: Buffer;
}>;

// Larger ones would hold the process for milliseconds.
const maxLength = 65_536;
// As much as deflate looks back.
const maxDictionaryBytes = 32_768;
const maxDictionaries = 100;
const settings = { level: constants.Z_BEST_SPEED, memLevel: 4 };

/** Packs texts of one kind (`kind`: those of a handler) by what they share with the first of them. */
export class TextPacker {
  readonly #dictionaries = new Map<string, Buffer>();

  /** Returns undefined for a text that is better kept as it is. */
  pack(kind: string, text: string): PackedText | undefined {
    if (text.length > maxLength) return undefined;
    const dictionary = this.#dictionaryOf(kind, text);
    const bytes = deflateRawSync(text, { ...settings, dictionary }).toString('latin1');
    return bytes.length < text.length ? { bytes, dictionary } : undefined;
  }

  #dictionaryOf(kind: string, text: string): Buffer {
    const known = this.#dictionaries.get(kind);
    if (known !== undefined) return known;
    const dictionary = Buffer.from(text).subarray(-maxDictionaryBytes);
    if (this.#dictionaries.size < maxDictionaries) this.#dictionaries.set(kind, dictionary);
    return dictionary;
  }
}

/** Returns the text that was packed. */
export const unpack = ({ bytes, dictionary }: PackedText): string =>
  inflateRawSync(Buffer.from(bytes, 'latin1'), { dictionary }).toString('utf8');
