import { mendHead } from './mend-head.ts';

/** What comes of the bytes that were read so far: some for the parser, none yet, or a head that no answer may have. */
type HeadStep =
  | Readonly<{ kind: 'bytes'; bytes: Buffer }>
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'violation'; detail: string }>;

const noBytes = Buffer.alloc(0);
const none: HeadStep = { kind: 'none' };
const lineFeed = 10;
const carriageReturn = 13;

// An endpoint may answer 102 or 103 a few times before its real answer; more is a flood.
const maxInformational = 16;
const statusLine = /^HTTP\/1\.[01] (\d{3})[ \r\n]/;
const protocolName = 'HTTP/1.';

/** The index behind the empty line that ends a head, or -1. A line may end in LF alone (RFC 9112 section 2.2). */
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
 * Reads the head of each answer before the parser does. It leaves out informational answers, which a client must skip
 * even when it has not asked for them (RFC 9110 section 15.2) and undici takes for a broken answer when they are a 100, and
 * has the head written as HTTP/1.1 wants it where it is known what was meant. Everything else passes as it came: the
 * parser refuses what it cannot read.
 */
export class HeadReader {
  readonly #maxBytes: number;
  #pending: Buffer = noBytes;
  #isReading = false;
  #informational = 0;
  #isMended = false;

  /** `maxBytes`: a head that is longer passes as it came. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True once a head was mended: where its answer ends is a guess, so the connection must not be used for another. */
  get isMended(): boolean {
    return this.#isMended;
  }

  /**
   * A request is being written: what is read from now on is the head of its answer. What comes before, on an idle
   * connection, must reach the parser at once: it answers nothing, and the parser closes the connection for it.
   */
  begin(): void {
    this.#isReading = true;
    this.#pending = noBytes;
    this.#informational = 0;
  }

  /** Takes what was read. */
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
        return { kind: 'violation', detail: `more than ${maxInformational} informational answers` };
      }
      bytes = bytes.subarray(end);
      from = 0;
    }
  }

  #await(bytes: Buffer): HeadStep {
    const start = bytes.toString('latin1', 0, protocolName.length);
    // What can be no head is not worth waiting for, and what is too long is for the parser to refuse.
    if (bytes.length > this.#maxBytes || !protocolName.startsWith(start)) return this.#pass(bytes);
    this.#pending = bytes;
    return none;
  }

  #final(
    bytes: Buffer,
    { head, end, status }: Readonly<{ head: string; end: number; status: number }>,
  ): HeadStep {
    const mended = mendHead(head, status);
    if (mended === head) return this.#pass(bytes);
    this.#isMended = true;
    return this.#pass(Buffer.concat([Buffer.from(mended, 'latin1'), bytes.subarray(end)]));
  }

  #pass(bytes: Buffer): HeadStep {
    this.#isReading = false;
    this.#pending = noBytes;
    return { kind: 'bytes', bytes };
  }
}
