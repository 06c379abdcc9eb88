import { newPosition, type StreamPosition } from './stream-position.ts';

/** The content of a message's id: the position after the message, and when an instance read it. */
export type StreamId = Readonly<{ position: StreamPosition; atMs: number }>;

/** Maximum length of an id, in characters: about 800 partitions of each topic. */
export const maxIdLength = 8_192;

const version = 1;
const maxPartitions = 2_000;
const bytes = Buffer.alloc(4 + 2 * maxPartitions * 8);

const put = (given: number, from: number): number => {
  let value = given;
  let to = from;
  while (value >= 0x80) {
    bytes[to] = (value % 0x80) + 0x80;
    value = Math.floor(value / 0x80);
    to += 1;
  }
  bytes[to] = value;
  return to + 1;
};

/**
 * Encodes an id: base64url of a version, the time in seconds, and for each topic the number of partitions and their
 * values, all as LEB128. Any instance can read it.
 */
export const encodeStreamId = ({ position, atMs }: StreamId): string => {
  bytes[0] = version;
  let end = put(Math.max(0, Math.floor(atMs / 1_000)), 1);
  for (const values of position) {
    end = put(values.length, end);
    for (const value of values) end = put(value, end);
  }
  return bytes.toString('base64url', 0, end);
};

/** Returns the content of an id; null for text that is none. */
export const decodeStreamId = (text: string): StreamId | null => {
  if (text.length > maxIdLength || !/^[\w-]+$/.test(text)) return null;
  const given = Buffer.from(text, 'base64url');
  let from = 1;
  const take = (): number => {
    let value = 0;
    let factor = 1;
    for (; ; from += 1, factor *= 0x80) {
      const byte = given[from];
      if (byte === undefined || factor > 2 ** 49) return Number.NaN;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    from += 1;
    return Number.isSafeInteger(value) ? value : Number.NaN;
  };
  if (given[0] !== version) return null;
  const seconds = take();
  const position = newPosition();
  for (const values of position) {
    const count = take();
    if (!(count <= maxPartitions)) return null;
    for (let partition = 0; partition < count; partition += 1) values.push(take());
  }
  const isWhole = from === given.length && ![seconds, ...position.flat()].some(Number.isNaN);
  return isWhole ? { position, atMs: seconds * 1_000 } : null;
};
