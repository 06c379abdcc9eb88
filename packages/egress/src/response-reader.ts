/** Headers as undici gives them: names in lower case, repeated ones as a list. */
export type HeaderFields = Readonly<Record<string, string | string[] | undefined>>;

const noBody = Buffer.alloc(0);

function flattenHeaders(headers: HeaderFields): Record<string, string> {
  // By entries: an endpoint may name a field __proto__.
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(', ')]],
    ),
  );
}

/** Collects one response, at most `maxBytes` of its body. */
export class ResponseReader {
  status = 0;
  headers: Readonly<Record<string, string>> = {};
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  begin(status: number, headers: HeaderFields): void {
    this.status = status;
    this.headers = flattenHeaders(headers);
  }

  /** Takes as much of the chunk as there is room for; false when that was not all of it. */
  add(chunk: Buffer): boolean {
    const capacity = this.#maxBytes - this.#bytes;
    // Copied: the chunk is a window on a much larger read buffer, which it would keep alive.
    if (capacity > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, capacity)));
    this.#bytes += Math.min(capacity, chunk.length);
    return chunk.length <= capacity;
  }

  get body(): Buffer {
    const [first = noBody] = this.#chunks;
    return this.#chunks.length <= 1 ? first : Buffer.concat(this.#chunks);
  }
}
