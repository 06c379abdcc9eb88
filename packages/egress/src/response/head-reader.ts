import { normaliseHead } from './normalise-head.ts';

/** The result of the bytes read so far: some for the parser, none yet, or a head that no response may have. */
type HeadStep =
  | Readonly<{ kind: 'bytes'; bytes: Buffer }>
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'violation'; detail: string }>;

const noBytes = Buffer.alloc(0);
const none: HeadStep = { kind: 'none' };
const lineFeed = 10;
const carriageReturn = 13;

// An endpoint may send 102 or 103 a few times before its final response; more is a flood.
const maxInformational = 16;
const statusLine = /^HTTP\/1\.[01] (\d{3})[ \r\n]/;
const protocolName = 'HTTP/1.';

/**
 * Returns the index after the empty line that ends a head, or -1. A line may end in LF alone (RFC 9112 section 2.2).
 */
function endOfHead(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(lineFeed, from); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) {
    if (bytes[at + 1] === lineFeed) return at + 2;
    if (bytes[at + 1] === carriageReturn && bytes[at + 2] === lineFeed) return at + 3;
  }
  return -1;
}

function withoutEmptyLines(bytes: Buffer): Buffer {
  let start = 0;
  while (bytes[start] === lineFeed || bytes[start] === carriageReturn) start += 1;
  return start === 0 ? bytes : bytes.subarray(start);
}

/**
 * Reads the head of each response before the parser. It removes informational responses: a client must skip them even
 * if it did not request them (RFC 9110 section 15.2), and undici treats a 100 as a broken response. It rewrites a head
 * as strict HTTP/1.1 if its meaning is unambiguous. Everything else passes unchanged, and the parser refuses what is
 * invalid.
 */
export class HeadReader {
  readonly #maxBytes: number;
  #pending: Buffer = noBytes;
  #isReading = false;
  #informational = 0;
  #isMended = false;

  /** `maxBytes`: a longer head passes unchanged. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True once a head was rewritten: the end of its response is uncertain, so the connection must not be reused. */
  get isMended(): boolean {
    return this.#isMended;
  }

  /**
   * Marks the start of a request: bytes read from now on are the head of its response. Earlier bytes, on an idle
   * connection, must reach the parser at once: they respond to no request, and the parser closes the connection.
   */
  begin(): void {
    this.#isReading = true;
    this.#pending = noBytes;
    this.#informational = 0;
  }

  /** Processes bytes that were read. */
  take(chunk: Buffer): HeadStep {
    if (!this.#isReading) return { kind: 'bytes', bytes: chunk };
    let from = Math.max(0, this.#pending.length - 2);
    let bytes: Buffer = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      bytes = withoutEmptyLines(bytes);
      const end = endOfHead(bytes, from);
      if (end < 0) return this.#await(bytes);
      const head = bytes.toString('latin1', 0, end);
      const written = statusLine.exec(head)?.[1];
      if (written === undefined) return this.#pass(bytes);
      const status = Number(written);
      if (status < 100) return { kind: 'violation', detail: `the status ${written} is not from 100 to 999` };
      if (status >= 200 || status === 101) return this.#final(bytes, { head, end, status });
      this.#informational += 1;
      if (this.#informational > maxInformational) {
        return { kind: 'violation', detail: `more than ${maxInformational} informational responses` };
      }
      bytes = bytes.subarray(end);
      from = 0;
    }
  }

  #await(bytes: Buffer): HeadStep {
    const start = bytes.toString('latin1', 0, protocolName.length);
    // Bytes that cannot be a head are passed on at once, and the parser refuses a head that is too long.
    if (bytes.length > this.#maxBytes || !protocolName.startsWith(start)) return this.#pass(bytes);
    this.#pending = bytes;
    return none;
  }

  #final(
    bytes: Buffer,
    { head, end, status }: Readonly<{ head: string; end: number; status: number }>,
  ): HeadStep {
    const normalised = normaliseHead(head, status);
    if (normalised === head) return this.#pass(bytes);
    this.#isMended = true;
    return this.#pass(Buffer.concat([Buffer.from(normalised, 'latin1'), bytes.subarray(end)]));
  }

  #pass(bytes: Buffer): HeadStep {
    this.#isReading = false;
    this.#pending = noBytes;
    return { kind: 'bytes', bytes };
  }
}
