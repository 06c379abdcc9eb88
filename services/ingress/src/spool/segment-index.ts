import { type Piece, piecesOf } from './domain/frame.ts';
import { decodeSpooled } from './domain/spooled-record.ts';
import { damagedLane, type Lane, laneOf } from './lanes.ts';
import type { Segment } from './segment-log.ts';

type Part = Readonly<{ start: number; end: number }>;

/** Reads a part of a segment: less if the file was cut; undefined for a segment that is no longer there. */
export type Read = (segment: Segment, part: Part, signal?: AbortSignal) => Promise<Buffer | undefined>;

/** The position of a piece of a segment, and its lane. */
export type Entry = Part & Readonly<{ lane: Lane }>;

type Limits = Readonly<{ start: number; records: number; bytes: number }>;

// A lane that is behind reads other segments than those that are not.
const maxIndexed = 4;

/** The lanes of what is in the segments that are being read. A segment that grows is read on where it ended. */
export class SegmentIndex {
  readonly #read: Read;
  readonly #known = new Map<number, IndexedSegment>();
  readonly #reading = new Map<number, Promise<IndexedSegment | undefined>>();

  constructor(read: Read) {
    this.#read = read;
  }

  /** Returns what a segment has; undefined if it is no longer there. */
  async of(segment: Segment, signal?: AbortSignal): Promise<IndexedSegment | undefined> {
    const { number } = segment;
    const known = this.#known.get(number);
    if (known !== undefined && known.end >= segment.size) return known;
    const reading =
      this.#reading.get(number) ??
      this.#extend(segment, signal).finally(() => {
        this.#reading.delete(number);
      });
    this.#reading.set(number, reading);
    return reading;
  }

  async #extend(segment: Segment, signal: AbortSignal | undefined): Promise<IndexedSegment | undefined> {
    const { number, size } = segment;
    const index = this.#known.get(number) ?? new IndexedSegment();
    const bytes = await this.#read(segment, { start: index.end, end: size }, signal);
    this.#known.delete(number);
    if (bytes === undefined) return undefined;
    index.extend(bytes, segment, size);
    this.#known.set(number, index);
    for (const oldest of this.#known.keys()) if (this.#known.size > maxIndexed) this.#known.delete(oldest);
    return index;
  }
}

/** The pieces of a segment up to `end`. */
export class IndexedSegment {
  readonly #entries: Entry[] = [];
  #end = 0;

  get end(): number {
    return this.#end;
  }

  /** Adds the pieces of the bytes behind the end. If the file was cut, there is nothing between them and `size`. */
  extend(bytes: Buffer, { salt, isOwn }: Segment, size: number): void {
    for (const piece of piecesOf(bytes, salt)) {
      const lane = laneOfPiece(piece, isOwn);
      const [start, end] = [this.#end + piece.start, this.#end + piece.end];
      if (lane !== undefined) this.#entries.push({ lane, start, end });
    }
    this.#end = size;
  }

  /**
   * Returns the next pieces of a lane, and the end of that part of the segment in which it has no others. From the first to
   * the last are `bytes` at most, if it is not one alone: they are read at once.
   */
  next(lane: Lane, { start, records, bytes }: Limits): Readonly<{ entries: readonly Entry[]; end: number }> {
    const entries: Entry[] = [];
    for (let at = this.#firstFrom(start); at < this.#entries.length; at += 1) {
      const entry = this.#entries[at];
      if (entry?.lane !== lane) continue;
      const [first, last] = [entries[0], entries.at(-1)];
      const isFull = entries.length >= records || entry.end - (first ?? entry).start > bytes;
      if (last !== undefined && isFull) return { entries, end: last.end };
      entries.push(entry);
    }
    return { entries, end: this.#end };
  }

  #firstFrom(start: number): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.start ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

// The end of a segment of an earlier process may be a write that it did not survive, and did not confirm.
function laneOfPiece(piece: Piece, isOwn: boolean): Lane | undefined {
  if (piece.kind === 'torn' && !isOwn) return undefined;
  const record = piece.kind === 'record' ? decodeSpooled(piece.payload) : undefined;
  return record === undefined ? damagedLane : laneOf(record);
}
