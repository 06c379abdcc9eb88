/** A line of a stream: its number from 1, and its bytes; null for one that is longer than the limit, with its size. */
export type Line = Readonly<{ number: number; bytes: Buffer | null; size: number }>;

const newline = 0x0a;

/**
 * Yields the lines of a stream that have more than white space. Holds at most one line of `maxBytes` and one chunk: a
 * longer line is passed over to its end.
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<Line, void> {
  let number = 0;
  let held: Buffer[] = [];
  let size = 0;
  const take = (rest: Buffer): Line => {
    number += 1;
    const whole = size + rest.length;
    const line = { number, size: whole, bytes: whole > maxBytes ? null : Buffer.concat([...held, rest]) };
    held = [];
    size = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = take(chunk.subarray(start, end));
      start = end + 1;
      if (!isBlank(line)) yield line;
    }
    const rest = chunk.subarray(start);
    size += rest.length;
    if (size > maxBytes) held = [];
    else held.push(rest);
  }
  const last = take(Buffer.of());
  if (!isBlank(last)) yield last;
}

const isBlank = ({ bytes }: Line): boolean =>
  bytes?.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09) === true;
