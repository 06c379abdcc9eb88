import type { HeaderFields } from '@tidings/contracts';

const noBody = Buffer.alloc(0);

// For the header, informational responses and trailers, and for the bytes that a socket reads ahead of the parser.
const rawSlackBytes = 512 * 1_024;

/** Returns the limit of the bytes of a response: far above reasonable framing, as chunks of one byte take six. */
export const maxRawBytes = (maxResponseBytes: number): number => 8 * maxResponseBytes + rawSlackBytes;

/** Collects one response, at most `maxBytes` of its body. */
export class ResponseReader {
  status = 0;
  headers: HeaderFields = {};
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  begin(status: number, headers: HeaderFields): void {
    this.status = status;
    this.headers = headers;
  }

  /** Adds as much of the chunk as there is room for; returns false if part of it was dropped. */
  add(chunk: Buffer): boolean {
    const capacity = this.#maxBytes - this.#bytes;
    // Copied: the chunk is a view of a much larger read buffer, which it would keep in memory.
    if (capacity > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, capacity)));
    this.#bytes += Math.min(capacity, chunk.length);
    return chunk.length <= capacity;
  }

  get body(): Buffer {
    const [first = noBody] = this.#chunks;
    return this.#chunks.length <= 1 ? first : Buffer.concat(this.#chunks);
  }
}
