import { hash } from 'node:crypto';

/**
 * A piece of a segment: a record, bytes that are no valid record, or the beginning of a record that was not written to its
 * end. `start` and `end` are positions in the segment.
 */
export type Piece = Readonly<
  | { kind: 'record'; start: number; end: number; payload: Buffer }
  | { kind: 'damaged'; start: number; end: number }
  | { kind: 'torn'; start: number; end: number }
>;

const magic = Buffer.from('TDSP');
const headBytes = 12;
const digestBytes = 16;

/** Bytes that a frame adds to its payload. */
export const frameOverhead = headBytes + digestBytes;

/**
 * Returns a payload as a frame: magic, length, 32 bits of the SHA-256 of both, 128 bits of that of the payload, payload.
 * Both begin with `salt`, the random part of the segment's name: bytes that a sender has put into a payload are no
 * frame.
 */
export function frameOf(payload: Buffer, salt: string): Buffer {
  const frame = Buffer.allocUnsafe(frameOverhead + payload.length);
  magic.copy(frame, 0);
  frame.writeUInt32LE(payload.length, 4);
  frame.writeUInt32LE(headCheck(frame, 0, salt), 8);
  digestOf(payload, salt).copy(frame, headBytes);
  payload.copy(frame, frameOverhead);
  return frame;
}

/**
 * Yields the pieces of a segment from `start` on, in order and without gaps. A record whose length is readable and whose
 * content is not is damaged from its start to its end; otherwise everything up to the next valid record is.
 */
export function* piecesOf(segment: Buffer, salt: string, start = 0): Generator<Piece> {
  let at = start;
  while (at < segment.length) {
    const piece = pieceAt(segment, salt, at);
    yield piece;
    at = piece.end;
  }
}

function pieceAt(segment: Buffer, salt: string, start: number): Piece {
  const length = lengthAt(segment, start, salt);
  const end = length === undefined ? undefined : start + frameOverhead + length;
  if (end !== undefined) {
    if (end > segment.length) return { kind: 'torn', start, end: segment.length };
    const payload = segment.subarray(start + frameOverhead, end);
    const isWhole = digestOf(payload, salt).equals(
      segment.subarray(start + headBytes, start + frameOverhead),
    );
    return isWhole ? { kind: 'record', start, end, payload } : { kind: 'damaged', start, end };
  }
  const next = nextHead(segment, salt, start + 1);
  if (next !== undefined) return { kind: 'damaged', start, end: next };
  const rest = segment.subarray(start);
  // A file may have been extended by a write whose bytes never arrived.
  const isUnwritten = rest.length < headBytes || rest.every((byte) => byte === 0);
  return { kind: isUnwritten ? 'torn' : 'damaged', start, end: segment.length };
}

/** Returns the position of the next readable head; undefined without one. */
function nextHead(segment: Buffer, salt: string, from: number): number | undefined {
  for (let at = segment.indexOf(magic, from); at >= 0; at = segment.indexOf(magic, at + 1))
    if (lengthAt(segment, at, salt) !== undefined) return at;
  return undefined;
}

function lengthAt(segment: Buffer, start: number, salt: string): number | undefined {
  if (segment.length - start < headBytes || segment.compare(magic, 0, 4, start, start + 4) !== 0)
    return undefined;
  if (segment.readUInt32LE(start + 8) !== headCheck(segment, start, salt)) return undefined;
  return segment.readUInt32LE(start + 4);
}

const headCheck = (frame: Buffer, start: number, salt: string): number =>
  hashOf(frame.subarray(start, start + 8), salt).readUInt32LE();

const digestOf = (payload: Buffer, salt: string): Buffer => hashOf(payload, salt).subarray(0, digestBytes);

const hashOf = (bytes: Buffer, salt: string): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from(salt), bytes]), 'buffer');
