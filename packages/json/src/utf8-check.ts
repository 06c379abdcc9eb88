import { isUtf8 } from 'node:buffer';

/** Checks that bytes which come in chunks are UTF-8. */
export class Utf8Check {
  #rest: Buffer = Buffer.alloc(0);

  /** Returns false at the end of a document whose last character is incomplete. */
  get isComplete(): boolean {
    return this.#rest.length === 0;
  }

  /** Returns true if the bytes so far are the beginning of UTF-8. */
  accepts(chunk: Buffer): boolean {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const cut = incompleteEnd(bytes);
    this.#rest = Buffer.from(bytes.subarray(bytes.length - cut));
    return isUtf8(bytes.subarray(0, bytes.length - cut));
  }
}

/** Returns the length of a character at the end of which bytes are missing. */
function incompleteEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
